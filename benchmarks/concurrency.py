"""The same calls by 1, 4, 16 and 64 threads: until the last is done, and how well the threads share the machine.

Each thread has a session, a script engine or a connection of its own. Commands run in one sandbox, into
which all threads call. Where there are fewer cores than threads, efficiency cannot reach 1.
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from benchmarks import _scripts, _stores
from benchmarks._http import Connection
from benchmarks._running import output_of, running
from benchmarks._workers import WORKERS, Job, Operation, Workers, efficiency
from benchmarks.api import api
from benchmarks.mcp import arguments_of, over_http
from perfbench import sut

STORES = sut.names("session", ("memory", "sqlite", "redis", "postgres"))
ENGINES = sut.names("script", ("quickjs",))
RUNTIMES = sut.names("container", ("process", "bubblewrap", "docker:runc"))
TOOLS = sut.names("mcp", ("echo",))
ENDPOINTS = sut.names("api", ("health", "session_read"))
SHORT, COMMANDS = 512, 64
"""How many calls of some 100 µs are shared out, and how many commands: they outlast some switches of threads."""
MANY = WORKERS[1:]
"""The numbers of threads that are compared with one."""


class _All:
    """The time of the whole, with the threads ready before the clock."""

    version = "1"
    number = 1
    timeout = 300.0
    perfbench_pin = False
    workers: Workers | None = None

    def teardown(self, target: str, workers: int) -> None:
        ready, self.workers = self.workers, None
        if ready is not None:
            ready.disband()

    def time_all(self, target: str, workers: int) -> None:
        """Until the last call is done."""
        assert self.workers is not None
        self.workers.run()


class _Efficiency:
    """Throughput at so many threads over as many times that of one."""

    version = "1"
    unit = "share"
    better = "higher"
    timeout = 300.0
    perfbench_pin = False


class Sessions(_All):
    """Each thread writes a session of its own and reads it, in one store."""

    params = (STORES, WORKERS)
    param_names = ("store", "workers")

    def setup(self, store: str, workers: int) -> None:
        self.workers = Workers(_session(store), workers)


class SessionsEfficiency(_Efficiency):
    """The same, compared with one thread."""

    params = (STORES, MANY)
    param_names = ("store", "workers")

    def setup(self, store: str, workers: int) -> None:
        self.job = _session(store)

    def track_efficiency(self, store: str, workers: int) -> float:
        return efficiency(self.job, workers)


class Scripts(_All):
    """Each thread runs a small script in an engine of its own."""

    params = (ENGINES, WORKERS)
    param_names = ("engine", "workers")

    def setup(self, engine: str, workers: int) -> None:
        self.workers = Workers(_script(engine), workers)


class ScriptsEfficiency(_Efficiency):
    """The same, compared with one thread."""

    params = (ENGINES, MANY)
    param_names = ("engine", "workers")

    def setup(self, engine: str, workers: int) -> None:
        self.job = _script(engine)

    def track_efficiency(self, engine: str, workers: int) -> float:
        return efficiency(self.job, workers)


class Commands(_All):
    """All threads run a command that does nothing, in one sandbox."""

    params = (RUNTIMES, WORKERS)
    param_names = ("runtime", "workers")

    def setup(self, runtime: str, workers: int) -> None:
        self.workers = Workers(_command(runtime), workers)


class CommandsEfficiency(_Efficiency):
    """The same, compared with one thread."""

    params = (RUNTIMES, MANY)
    param_names = ("runtime", "workers")

    def setup(self, runtime: str, workers: int) -> None:
        self.job = _command(runtime)

    def track_efficiency(self, runtime: str, workers: int) -> float:
        return efficiency(self.job, workers)


class Requests(_All):
    """Each thread asks one endpoint on a connection of its own."""

    params = (ENDPOINTS, WORKERS)
    param_names = ("endpoint", "workers")

    def setup(self, endpoint: str, workers: int) -> None:
        self.workers = Workers(_request(endpoint), workers)


class RequestsEfficiency(_Efficiency):
    """The same, compared with one thread."""

    params = (ENDPOINTS, MANY)
    param_names = ("endpoint", "workers")

    def setup(self, endpoint: str, workers: int) -> None:
        self.job = _request(endpoint)

    def track_efficiency(self, endpoint: str, workers: int) -> float:
        return efficiency(self.job, workers)


class Tools(_All):
    """Each thread calls one tool over HTTP on a connection of its own."""

    params = (TOOLS, WORKERS)
    param_names = ("tool", "workers")

    def setup(self, tool: str, workers: int) -> None:
        self.workers = Workers(_tool(tool), workers)


class ToolsEfficiency(_Efficiency):
    """The same, compared with one thread."""

    params = (TOOLS, MANY)
    param_names = ("tool", "workers")

    def setup(self, tool: str, workers: int) -> None:
        self.job = _tool(tool)

    def track_efficiency(self, tool: str, workers: int) -> float:
        return efficiency(self.job, workers)


def _session(name: str) -> Job:
    store = _stores.opened(name, "create", "write", "read")

    @contextmanager
    def prepared() -> Iterator[Operation]:
        session = store.create(_stores.state())
        session.history = _stores.history(_stores.ENTRIES)

        def exchange() -> None:
            store.write(session)
            if store.read(session.id).id != session.id:
                raise RuntimeError("another session came back")

        try:
            yield exchange
        finally:
            _stores.forget(store, [session.id])

    return Job(prepared, SHORT)


def _script(name: str) -> Job:
    _scripts.kept(name, "execute")  # says here whether it is there

    @contextmanager
    def prepared() -> Iterator[Operation]:
        engine = _scripts.opened(name)
        source = _scripts.simple(name, engine)
        try:
            yield lambda: _scripts.check(engine.execute(source), engine)
        finally:
            _scripts.close(engine)

    return Job(prepared, SHORT)


def _command(name: str) -> Job:
    sandbox = running(name)

    @contextmanager
    def prepared() -> Iterator[Operation]:
        yield lambda: output_of(sandbox, ("true",))

    return Job(prepared, COMMANDS)


def _headers() -> dict[str, str]:
    table = sut.configured("api") or {}
    return {str(name): sut.filled(str(value)) for name, value in (table.get("headers") or {}).items()}


def _request(name: str) -> Job:
    known = api()
    endpoint = known.target(name).endpoint

    @contextmanager
    def prepared() -> Iterator[Operation]:
        with closing(Connection(known.url, _headers())) as connection:
            yield lambda: connection.ask(endpoint)

    return Job(prepared, SHORT)


def _tool(name: str) -> Job:
    client, asked = over_http(name), arguments_of(name)

    @contextmanager
    def prepared() -> Iterator[Operation]:
        with closing(client.another()) as connection:
            yield lambda: connection.call(name, asked)

    return Job(prepared, SHORT)


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("concurrency")
