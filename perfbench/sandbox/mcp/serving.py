"""The tools on the wire: the official SDK's server, over stdin and stdout or over HTTP."""

from __future__ import annotations

import contextlib
import functools
import hmac
import inspect
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfbench.errors import PerfbenchError, SandboxError, UnavailableError, UsageError
from perfbench.sandbox.mcp.tools import Tools
from perfbench.sandbox.mcp.wire import LONGEST_MESSAGE, STOPPING, Ending, standard_streams

if TYPE_CHECKING:
    import anyio
    from mcp.server.mcpserver import MCPServer
    from mcp.server.transport_security import TransportSecuritySettings

NAME = "perfbench-sandbox"
PATH = "/mcp"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MOST_CALLS = 32
"""So many calls run at once, each in a thread; more wait for their turn."""
MOST_SESSIONS = 256
"""Of clients over HTTP."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen: `port` 0 takes any that is free. `names` are further host names that lead there."""

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK and not self.token:
            raise UsageError(
                f"{self.host} can be reached from other machines",
                "export SANDBOX_TOKEN with a long random text",
            )


def over_stdio(tools: Tools) -> int | None:
    """Serve the client that started this process, until it closes stdin.

    Returns the number of the signal that ended it before, None when the client did. Raises UnavailableError
    where the SDK is not installed.
    """
    _require_sdk()
    ending = Ending()
    with standard_streams(functools.partial(_close, tools), ending):
        import anyio  # noqa: PLC0415

        @asynccontextmanager
        async def started(_: object) -> AsyncIterator[None]:
            sys.stdout = sys.stderr  # the SDK holds its own by now
            yield

        anyio.run(_server(tools, started).run_stdio_async)
    return ending.signal


def over_http(tools: Tools, place: Place) -> int:
    """Serve over HTTP until a signal comes; returns its number. Says on stdout where it listens, once it does.

    Raises UnavailableError where the SDK is not installed, UsageError when the address cannot be had.
    """
    _require_sdk()
    import uvicorn  # noqa: PLC0415

    listener = _listen(place)
    shown = f"[{place.host}]" if ":" in place.host else place.host
    port = listener.getsockname()[1]

    @asynccontextmanager
    async def started(_: object) -> AsyncIterator[None]:
        sys.stdout.write(f"listening on http://{shown}:{port}{PATH}\n")
        sys.stdout.flush()
        yield

    app: App = _server(tools, started).streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        max_request_body_size=LONGEST_MESSAGE,
        max_sessions=MOST_SESSIONS,
        transport_security=_security(place, shown),
    )
    if place.token:
        app = functools.partial(_with_token, app, place.token)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            interface="asgi3",
            lifespan="on",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    received: list[int] = []

    def stop(number: int, _frame: object) -> None:
        if not received:
            threading.Thread(target=_close, args=(tools,)).start()  # lets go who waits for a command
        received.append(number)
        server.should_exit = True

    for number in STOPPING:
        signal.signal(number, stop)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment, method-assign]
    server.run(sockets=[listener])
    return received[0] if received else signal.SIGTERM


def _server(tools: Tools, started: Callable[[Any], Any]) -> MCPServer:
    import anyio  # noqa: PLC0415
    from mcp.server.mcpserver import MCPServer  # noqa: PLC0415

    server: MCPServer = MCPServer(NAME, log_level="WARNING", lifespan=started)
    threads = anyio.CapacityLimiter(MOST_CALLS)
    for name, method in inspect.getmembers(tools, inspect.ismethod):
        if not name.startswith("_") and name != "close":
            server.add_tool(_tool(method, None if name == "echo" else threads), name)
    return server


def _tool(method: Callable[..., Any], threads: anyio.CapacityLimiter | None) -> Callable[..., Any]:
    """A method as the SDK calls it: in a thread, as it blocks, and with errors that a model can read."""
    import anyio.to_thread  # noqa: PLC0415
    from mcp.server.mcpserver.exceptions import ToolError  # noqa: PLC0415

    @functools.wraps(method)
    async def tool(**arguments: Any) -> Any:
        try:
            if threads is None:
                return method(**arguments)
            return await anyio.to_thread.run_sync(functools.partial(method, **arguments), limiter=threads)
        except PerfbenchError as error:
            raise ToolError(str(error)) from None
        except ImportError as error:
            raise ToolError(f"this server cannot do it: {error}") from None

    return tool


def _security(place: Place, shown: str) -> TransportSecuritySettings:
    """Requests that a browser was tricked into sending here carry another Host or Origin, and are refused."""
    from mcp.server.transport_security import TransportSecuritySettings  # noqa: PLC0415

    hosts = [shown, *place.names]
    if place.host in LOOPBACK:
        hosts += ["127.0.0.1", "localhost", "[::1]"]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[*hosts, *(f"{host}:*" for host in hosts)],
        allowed_origins=[f"http://{host}:*" for host in hosts],
    )


async def _with_token(app: App, token: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve `app` to those alone who send the token; the others hear 401."""
    if scope["type"] == "http":
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        if not hmac.compare_digest(headers.get(b"authorization", b""), f"Bearer {token}".encode()):
            refused = [(b"content-type", b"text/plain"), (b"www-authenticate", b"Bearer")]
            await send({"type": "http.response.start", "status": 401, "headers": refused})
            await send({"type": "http.response.body", "body": b"a valid token is needed\n"})
            return
    await app(scope, receive, send)


def _listen(place: Place) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {place.host}:{place.port}: {error.strerror}", "take another --port"
        ) from None
    return listener


def _close(tools: Tools) -> None:
    """Remove what is kept, before the calls that are under way are waited for."""
    try:
        tools.close()
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")


def _require_sdk() -> None:
    try:
        import mcp.server.mcpserver  # noqa: PLC0415, F401
    except ImportError as error:
        raise UnavailableError(f"the MCP SDK is not installed ({error})", "pip install 'mcp>=2,<3'") from None
