"""Which rows there are: the benchmarks of a folder, one row for each combination of params."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from perfbench.errors import MeasurementError, UsageError
from perfbench.measure.client import STARTUP_SECONDS, Reply, Worker, WorkerFailedError
from perfbench.measure.labels import CONTROL_ID
from perfbench.model import BenchmarkId, Better, Metric, Problem
from perfbench.params import plain

DEFAULT_TIMEOUT = 60.0
"""asv's own default, in seconds."""

METRICS = {"time": "time", "memory": "mem", "peakmemory": "peakmem"}


@dataclass(frozen=True, slots=True)
class Row:
    """One benchmark with one combination of its params, and what measuring it needs to know.

    `index` is the position of the combination in asv's order; `timeout` is in seconds. `pin` says
    whether it may be held on one CPU; None leaves that to calibration. `once` marks metrics of which
    a process yields one value only (the peak memory of a process cannot fall again). A row that is made of
    operations names the benchmark that recorded them in `recorded_by`.
    """

    benchmark: BenchmarkId
    metric: Metric
    index: int
    version: str
    timeout: float
    setup_cache_key: str | None
    setup_cache_timeout: float
    pin: bool | None
    once: bool
    recorded_by: BenchmarkId | None = None


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found in a benchmark folder, and the modules that could not be read."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


CONTROL = Row(
    benchmark=CONTROL_ID,
    metric=Metric("time", "seconds"),
    index=0,
    version="1",
    timeout=DEFAULT_TIMEOUT,
    setup_cache_key=None,
    setup_cache_timeout=DEFAULT_TIMEOUT,
    pin=None,
    once=False,
)
"""Fixed work that no commit changes: its movement is the machine's noise."""


def discover(
    python: Path,
    benchmark_dir: Path,
    *,
    suite: str = "",
    environment: Mapping[str, str] | None = None,
    default_timeout: float | None = None,
) -> Discovery:
    """List the benchmarks of a folder with the given Python, in a process of its own.

    Raises UsageError when there is no such folder, MeasurementError when the process dies over it.
    """
    if not benchmark_dir.is_dir():
        raise UsageError(
            f"there is no benchmark folder {benchmark_dir}",
            "name it as benchmark_dir in asv.conf.json",
        )
    with Worker(python, benchmark_dir, environment=environment) as worker:
        try:
            reply = worker.ask({"do": "discover"}, STARTUP_SECONDS)
        except WorkerFailedError as error:
            raise MeasurementError(
                f"the benchmarks in {benchmark_dir} could not be listed: {error.message}"
            ) from error
    rows: list[Row] = []
    for found in reply["rows"]:
        rows.extend(_rows(found, suite, default_timeout or DEFAULT_TIMEOUT))
    problems = tuple(Problem(str(p["module"]), None, str(p["message"])) for p in reply["problems"])
    return Discovery(tuple(rows), problems)


def _rows(found: Reply, suite: str, default_timeout: float) -> Iterable[Row]:
    kind = str(found["type"])
    better = Better(found["better"]) if found["better"] in set(Better) else Better.LOWER
    metric = Metric(METRICS.get(kind, "track"), str(found["unit"]), better)
    timeout = float(found["timeout"] or default_timeout)
    names = found["param_names"]
    for index, values in enumerate(itertools.product(*found["params"])):
        pairs = tuple((str(name), plain(value)) for name, value in zip(names, values, strict=True))
        yield Row(
            benchmark=BenchmarkId(suite, str(found["name"]), pairs),
            metric=metric,
            index=index,
            version=str(found["version"]),
            timeout=timeout,
            setup_cache_key=found["setup_cache_key"],
            setup_cache_timeout=float(found["setup_cache_timeout"] or timeout),
            pin=False if found["timeraw"] else found["pin"],
            once=kind in ("memory", "peakmemory"),
        )
