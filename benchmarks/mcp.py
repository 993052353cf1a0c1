"""Tools of a Model Context Protocol server: what a call costs, how many a second, and how long a start takes.

By default the server is the one that comes with perfbench; `[sut.mcp]` names another. One server and one
session are kept for the whole life of this process.
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar, cast

from benchmarks._mcp_child import Child, watch
from benchmarks._mcp_client import STARTS_WITHIN, Client, StdioClient, succeeded
from perfbench import sut

if TYPE_CHECKING:
    from benchmarks._mcp_http import HttpClient

SERVER = "perfbench.sandbox.mcp"
REFERENCE: Mapping[str, Mapping[str, Any]] = {
    "echo": {"text": "x" * 64},
    "run_command": {"argv": ["true"]},
    "read_file": {"path": "kept.txt"},
    "write_file": {"path": "written.txt", "content": "x" * 1024},
}
"""The tools of the server that comes with perfbench, and what each is called with."""
KEPT_FILE = {"path": "kept.txt", "content": "x" * 1024}

TOOLS = sut.names("mcp", tuple(REFERENCE))
PIPELINED = 16
"""Calls that are under way at once on one pipe."""
CONNECTIONS = 4
SPAN = 0.5
"""Seconds for which calls are begun, to see how many are answered."""

Method = TypeVar("Method", bound=Callable[..., object])
Kind = TypeVar("Kind", bound=Client)


def calls_a_second(method: Method) -> Method:
    """Give one benchmark its unit; on the class it would turn the times around too."""
    method.unit = "calls/s"  # type: ignore[attr-defined]
    method.better = "higher"  # type: ignore[attr-defined]
    return method


class Stdio:
    """A server that is a child of this process, in lines over its stdin and stdout."""

    version = "1"
    params = (TOOLS,)
    param_names = ("tool",)
    timeout = 120.0
    perfbench_pin = False

    def setup(self, tool: str) -> None:
        self.client = _over_stdio(tool)
        self.arguments = arguments_of(tool)

    def time_call(self, tool: str) -> None:
        self.client.call(tool, self.arguments)

    @calls_a_second
    def track_throughput(self, tool: str) -> float:
        """Calls answered in a second, with 16 under way at all times."""
        try:
            return self._pipelined({"name": tool, "arguments": self.arguments})
        except BaseException:
            self.client.close()  # with answers to come that nobody waits for
            raise

    def _pipelined(self, asked: Mapping[str, Any]) -> float:
        for _ in range(PIPELINED):
            self.client.begin("tools/call", asked)
        answered = 0
        start = time.perf_counter()
        while time.perf_counter() < start + SPAN:
            succeeded(asked["name"], self.client.finish())
            answered += 1
            self.client.begin("tools/call", asked)
        for _ in range(PIPELINED):
            succeeded(asked["name"], self.client.finish())
        return (answered + PIPELINED) / (time.perf_counter() - start)


class Http:
    """A server behind a URL, over streamable HTTP."""

    version = "1"
    params = (TOOLS,)
    param_names = ("tool",)
    timeout = 120.0
    perfbench_pin = False

    def setup(self, tool: str) -> None:
        self.client = over_http(tool)
        self.arguments = arguments_of(tool)

    def time_call(self, tool: str) -> None:
        self.client.call(tool, self.arguments)

    @calls_a_second
    def track_throughput(self, tool: str) -> float:
        """Calls answered in a second over four connections, each with one call under way at all times."""
        clients = [self.client, *(self.client.another() for _ in range(CONNECTIONS - 1))]
        try:
            start = time.perf_counter()
            with ThreadPoolExecutor(CONNECTIONS) as threads:
                counts = threads.map(lambda client: self._calls(client, tool, start + SPAN), clients)
                answered = sum(counts)
            return answered / (time.perf_counter() - start)
        finally:
            for client in clients[1:]:
                client.close()

    def _calls(self, client: HttpClient, tool: str, end: float) -> int:
        answered = 0
        while answered == 0 or time.perf_counter() < end:
            client.call(tool, self.arguments)
            answered += 1
        return answered


class Start:
    """A server from nothing."""

    version = "1"
    params = (TOOLS[:1],)
    param_names = ("tool",)
    number = 1
    timeout = 120.0
    perfbench_pin = False

    client: Client | None = None

    def setup(self, tool: str) -> None:
        _command()
        watch()

    def teardown(self, tool: str) -> None:
        client, self.client = self.client, None
        if client is not None:
            client.close()

    def time_stdio(self, tool: str) -> None:
        """Until it has answered `initialize`. No tool is called: `tool` is the first one there is."""
        self.client = _start()


_kept: dict[str, tuple[Client, tuple[str, ...]]] = {}
"""By transport: a client, and the tools that its server has."""
_servers: list[Child] = []
"""Servers over HTTP that this process has started."""


def _over_stdio(tool: str) -> StdioClient:
    """The kept client of a server that is a child of this process, which has that tool."""
    return _having(tool, "stdio", _start)


def over_http(tool: str) -> HttpClient:
    """The kept client of a server behind a URL, which has that tool."""
    from benchmarks._mcp_http import HttpClient  # noqa: PLC0415  (it takes a while to import)

    def connect() -> HttpClient:
        headers = (sut.configured("mcp") or {}).get("headers", {})
        return HttpClient(_url(), headers={name: sut.filled(value) for name, value in headers.items()})

    return _having(tool, "http", connect)


def _having(tool: str, transport: str, connect: Callable[[], Kind]) -> Kind:
    if transport not in _kept or _kept[transport][0].closed:
        fresh = connect()
        _kept[transport] = fresh, fresh.tools()
        if sut.is_reference():
            fresh.call("write_file", KEPT_FILE)
    client, tools = _kept[transport]
    if tool not in tools:
        raise RuntimeError(f"the MCP server has no tool {tool!r}; it has {', '.join(tools) or 'none'}")
    return cast("Kind", client)


def arguments_of(tool: str) -> Mapping[str, Any]:
    found = sut.configured("mcp")
    if found is None:
        return REFERENCE[tool]
    return cast("Mapping[str, Any]", found["tools"][tool].get("arguments", {}))


def _start() -> StdioClient:
    command = _command()
    environment = {name: sut.filled(value) for name, value in _environment().items()}
    return StdioClient(command, folder=sut.root(), environment={**os.environ, **environment})


def _environment() -> Mapping[str, str]:
    return cast("Mapping[str, str]", (sut.configured("mcp") or {}).get("environment", {}))


def _command() -> list[str]:
    """What starts a server that speaks over stdio. Raises NotImplementedError where there is none."""
    found = sut.configured("mcp")
    if found is None:
        return _own_server()
    if "command" not in found:
        raise NotImplementedError(
            "[sut.mcp] names a url: there is no server to start and to speak to by stdio"
        )
    return [str(word) for word in found["command"]]


def _url() -> str:
    """Where a server listens. Raises NotImplementedError where there is none."""
    found = sut.configured("mcp")
    if found is None:
        return _own_url()
    if "url" not in found:
        raise NotImplementedError("[sut.mcp] names a command, which speaks by stdio: there is no url")
    return str(found["url"])


def _own_server() -> list[str]:
    """The server that comes with perfbench. Raises NotImplementedError where it lacks the SDK."""
    if find_spec(SERVER) is None:
        raise NotImplementedError("this revision of perfbench has no MCP server")
    if find_spec("mcp") is None:
        raise NotImplementedError("the MCP SDK is not installed; pip install 'mcp>=2,<3'")
    return [sys.executable, "-m", SERVER]


@cache
def _own_url() -> str:
    """The URL of perfbench's own server, started once for this process."""
    environment = {name: value for name, value in os.environ.items() if name != "SANDBOX_TOKEN"}
    child = Child([*_own_server(), "--http"], folder=sut.root(), environment=environment)
    _servers.append(child)
    if not select.select([child.stdout], [], [], STARTS_WITHIN)[0]:
        raise RuntimeError(f"perfbench's own MCP server has not started within {STARTS_WITHIN:g} s")
    said = child.stdout.readline(1000).decode()
    if not said.startswith("listening on "):
        raise RuntimeError(f"perfbench's own MCP server {child.fate()}")
    return said.removeprefix("listening on ").strip()


@atexit.register
def _close() -> None:
    """End the servers and the sessions that this process keeps."""
    for client, _ in _kept.values():
        with contextlib.suppress(RuntimeError):
            client.close()
    for server in _servers:
        server.close(told_by=signal.SIGTERM)
    _kept.clear()
    _servers.clear()
    _own_url.cache_clear()


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("mcp")
