"""Launching workers of the two sides, with what they share: benchmarks, `setup_cache` results, one folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from perfbench.measure.client import Reply, Worker, WorkerFailedError, WorkerSkippedError
from perfbench.measure.discovery import Row
from perfbench.measure.labels import TWIN
from perfbench.measure.scratch import ScratchFolder
from perfbench.measure.served import NOTICED, ServerFailedError
from perfbench.measure.side import Side
from perfbench.measure.systems import SideSystems
from perfbench.model import BenchmarkId


class SideLaunch:
    """Starts workers for the sides; every side runs the same benchmark folder, head's.

    Leaving its `with` block removes what `setup_cache` wrote.
    """

    def __init__(self, sides: Sequence[Side], benchmark_dir: Path) -> None:
        self._sides: Mapping[str, Side] = {side.label: side for side in sides}
        self._benchmark_dir = benchmark_dir
        self._scratch = ScratchFolder()
        self._caches: dict[tuple[str, str], str | WorkerFailedError | WorkerSkippedError] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scratch.remove()

    def cache(self, row: Row, label: str) -> str | None:
        """Path of the row's pickled `setup_cache` on that side, made once; None where it has none.

        Raises WorkerFailedError or WorkerSkippedError, each time the same, when making it did.
        """
        if row.setup_cache_key is None:
            return None
        label = self._original(label)
        key = (label, row.setup_cache_key)
        if key not in self._caches:
            try:
                self._caches[key] = self._make_cache(row, label)
            except (WorkerFailedError, WorkerSkippedError) as error:
                self._caches[key] = error
        made = self._caches[key]
        if isinstance(made, str):
            return made
        raise made

    def worker(self, row: Row, label: str, number: int) -> Worker:
        """A fresh worker; both sides of a round get the same hash seed, each round another."""
        folder = self._cache_folder(row, label) if row.setup_cache_key is not None else None
        return self._start(row, label, folder, number)

    def _original(self, label: str) -> str:
        """The side whose results a worker shares: a twin has base's, which is the first."""
        return next(iter(self._sides)) if label == TWIN else label

    def _make_cache(self, row: Row, label: str) -> str:
        folder = self._cache_folder(row, label)
        folder.mkdir()
        path = folder / "cache.pickle"
        with self._start(row, label, folder, 0) as worker:
            request = {"do": "setup_cache", "name": row.benchmark.name, "path": str(path)}
            worker.ask(request, row.setup_cache_timeout)
        return str(path)

    def _cache_folder(self, row: Row, label: str) -> Path:
        # Both sides' paths are equally long, and say nothing of which side they serve.
        name = hashlib.sha256(f"{self._original(label)} {row.setup_cache_key}".encode()).hexdigest()[:16]
        return self._scratch.path / name

    def _start(self, row: Row, label: str, folder: Path | None, seed: int) -> Worker:
        side = self._sides[label]
        systems = side.systems if side.systems is None or label != TWIN else side.systems.twin
        try:
            told = {} if systems is None else systems.variables_for(row.benchmark)
        except ServerFailedError as error:
            raise WorkerFailedError(error.message, error.said) from None
        return _WatchfulWorker(
            systems,
            row.benchmark,
            side.python,
            self._benchmark_dir,
            row.benchmark.name,
            environment={**side.environment, **told},
            folder=folder,
            fixed_layout=True,
            seed=seed,
        )


class _WatchfulWorker(Worker):
    """A worker that sees, when its benchmark fails, whether a server that it measures has died."""

    def __init__(
        self, systems: SideSystems | None, benchmark: BenchmarkId, *arguments: Any, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._systems = systems
        self._benchmark = benchmark

    def receive(self, timeout: float) -> Reply:
        try:
            return super().receive(timeout)
        except (WorkerFailedError, WorkerSkippedError) as error:
            if self._systems is not None:
                self._blame_server(self._systems, error)
            raise

    def _blame_server(self, systems: SideSystems, error: WorkerFailedError | WorkerSkippedError) -> None:
        """Raise WorkerFailedError for a server that has died; else add what it said to the details."""
        details = getattr(error, "details", "")
        if said := systems.said(self._benchmark):
            details += f"\n== what its server said\n{said}"
        if gone := systems.gone(self._benchmark, NOTICED):
            raise WorkerFailedError(gone, details) from None
        if isinstance(error, WorkerFailedError):
            error.details = details
