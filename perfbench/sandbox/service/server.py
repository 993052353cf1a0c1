"""uvicorn around an application, from the socket to the last clean-up."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

from perfbench.errors import UnavailableError, UsageError
from perfbench.sandbox.service.connection import guarded_protocol
from perfbench.sandbox.service.limits import ServiceLimits

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PATIENCE = 5
"""Seconds that requests at work are given to answer, once what they wait for has been told to end."""


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on `host`, at any free port for 0. Raises UsageError when it cannot."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024
        )
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot listen on {host}, port {port}: {reason}", "choose another --port"
        ) from error


def url(listener: socket.socket) -> str:
    """Where a client finds it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    app: ASGIApp,
    listener: socket.socket,
    limits: ServiceLimits,
    *,
    ready: Callable[[], None],
    ending: Callable[[], None],
) -> signal.Signals | None:
    """Serve until a signal says to end, which is returned.

    Calls `ready` once clients can come, and `ending`, in a thread, to end what requests wait for.

    Raises UnavailableError where uvicorn is not installed.
    """
    try:
        import uvicorn  # noqa: PLC0415
    except ImportError:
        raise UnavailableError("uvicorn is not installed", "pip install 'perfbench-gate[service]'") from None
    config = uvicorn.Config(
        app,
        http=guarded_protocol(limits),
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(limits.idle_seconds),
        timeout_graceful_shutdown=PATIENCE,
    )
    received: list[signal.Signals] = []
    _ending_on_signals(config, ready, ending, received).run(sockets=[listener])
    return received[0] if received else None


def _ending_on_signals(
    config: uvicorn.Config,
    ready: Callable[[], None],
    ending: Callable[[], None],
    received: list[signal.Signals],
) -> uvicorn.Server:
    """A server that ends on a signal and returns; uvicorn's own would have the signal kill the process then."""
    import uvicorn  # noqa: PLC0415

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            before = {number: signal.signal(number, self.end) for number in SIGNALS}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

        def end(self, number: int, _: FrameType | None) -> None:
            received.append(signal.Signals(number))
            self.force_exit = self.should_exit
            self.should_exit = True

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await asyncio.gather(asyncio.to_thread(ending), super().shutdown(sockets))

    return Server(config)


def end_with_stdin() -> None:
    """Have this process told to end when its standard input does, as when whoever holds the other end dies."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="until-eof", daemon=True).start()
