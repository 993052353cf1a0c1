"""The user's own system as one side's workers are told of it, with the servers that belong to that side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from perfbench.measure.served import Server, ServerFailedError, filled
from perfbench.model import BenchmarkId, System

VARIABLE = "PERFBENCH_SUT"
"""Holds what `perfbench.sut` tells the benchmarks."""

PARAMS: Mapping[str, str] = {
    "container": "runtime",
    "session": "store",
    "script": "engine",
    "settings": "source",
    "command": "program",
    "api": "endpoint",
    "mcp": "tool",
    "llm": "model",
    "workflow": "workflow",
    "database": "query",
}
"""Table → the param of a row that says which of its targets is measured."""


def needed(systems: Sequence[System], benchmark: BenchmarkId) -> tuple[System, ...]:
    """The systems whose targets the row measures: those that one of its params names."""
    return tuple(one for one in systems if benchmark.param(PARAMS[one.name]) in one.targets)


def shared(systems: Sequence[System]) -> tuple[System, ...]:
    """The systems that are servers which run already: base and head would be one and the same."""
    return tuple(one for one in systems if one.address and one.served is None and "{root}" not in one.address)


class SideSystems:
    """The systems as one side has them; `root` is the top of its checkout, `environment` what its programs get.

    With `twin` there are servers of the same code once more, for the A/A arm: two processes of one program differ,
    and a single-threaded server that holds one worker's idle connection never answers another worker.
    Leaving its `with` block ends the servers that `start` started.
    """

    def __init__(
        self, systems: Sequence[System], root: Path, environment: Mapping[str, str], *, twin: bool = False
    ) -> None:
        self._systems = tuple(systems)
        self._root = root
        self._environment = environment
        self._servers: dict[str, Server | ServerFailedError] = {}
        self._twin = SideSystems(systems, root, environment) if twin else None

    @property
    def twin(self) -> SideSystems:
        """The systems as the A/A arm has them."""
        return self._twin or self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as stack:
            if self._twin is not None:
                stack.callback(self._twin.__exit__, kind, error, trace)
            for server in self._servers.values():
                if isinstance(server, Server):
                    stack.callback(server.end)

    def start(self, benchmarks: Sequence[BenchmarkId], say: Callable[[str], None]) -> None:
        """Start the servers that any of these rows needs; one that fails is met again by `variables_for`."""
        wanted = {one.name for benchmark in benchmarks for one in needed(self._systems, benchmark)}
        for system in self._systems:
            if system.served is None or system.name not in wanted or system.name in self._servers:
                continue
            say(f"starting the server of [sut.{system.name}]")
            try:
                self._servers[system.name] = Server(system, self._root, self._environment)
            except ServerFailedError as error:
                self._servers[system.name] = error
        if self._twin is not None:
            self._twin.start(benchmarks, lambda _: None)

    def variables(self) -> Mapping[str, str]:
        """What a worker's environment needs, whether the servers run or not; nothing where none is configured."""
        if not self._systems:
            return {}
        tables = {one.name: self._filled(one.settings, self._port(one)) for one in self._systems}
        return {VARIABLE: json.dumps({**tables, "root": str(self._root)})}

    def variables_for(self, benchmark: BenchmarkId) -> Mapping[str, str]:
        """`variables`, for a worker of this row. Raises ServerFailedError where a server that it needs is not there."""
        for server in self._serving(benchmark):
            if isinstance(server, ServerFailedError):
                raise server
            if gone := server.gone():
                raise ServerFailedError(gone, server.said)
        return self.variables()

    def gone(self, benchmark: BenchmarkId, wait: float) -> str:
        """One sentence where a server that the row needs has died by now, or within `wait` seconds."""
        servers = [one for one in self._serving(benchmark) if isinstance(one, Server)]
        return next(filter(None, (one.gone(wait) for one in servers)), "")

    def said(self, benchmark: BenchmarkId) -> str:
        """What the servers that the row needs have said."""
        return "".join(one.said for one in self._serving(benchmark))

    def _serving(self, benchmark: BenchmarkId) -> list[Server | ServerFailedError]:
        return [
            self._servers[one.name] for one in needed(self._systems, benchmark) if one.name in self._servers
        ]

    def _port(self, system: System) -> int:
        """Where its server listens; 0 while there is none."""
        server = self._servers.get(system.name)
        return server.port if isinstance(server, Server) else 0

    def _filled(self, value: Any, port: int) -> Any:
        """The settings with `{root}` and `{port}` filled in, in every text."""
        if isinstance(value, str):
            return filled(value, self._root, port)
        if isinstance(value, Mapping):
            return {name: self._filled(one, port) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._filled(one, port) for one in value]
        return value
