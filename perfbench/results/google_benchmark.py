"""Reads the JSON of Google Benchmark (`--benchmark_format=json`, `--benchmark_out`).

Its keys are those of the library's user guide: https://google.github.io/benchmark/user_guide.html
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from perfbench.model import BenchmarkId, Better, Environment, Measurement, Metric, Outcome, Run, Summary
from perfbench.results.document import Document
from perfbench.results.gathering import UNKNOWN, Gathering, UnusableError, moment
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import HEAD, Header, ResultFile, SideHeader, unreadable
from perfbench.units import BYTES, SECONDS

NAME = "Google Benchmark JSON"

TIME = Metric("time", SECONDS)
CPU = Metric("cpu", SECONDS)

_COUNTERS = {
    "allocs_per_iter": Metric("allocs_per_iter", "count"),
    "max_bytes_used": Metric("max_bytes_used", BYTES),
    "net_heap_growth": Metric("net_heap_growth", BYTES),
    "total_allocated_bytes": Metric("total_allocated_bytes", BYTES),
    "bytes_per_second": Metric("bytes_per_second", f"{BYTES}/s", Better.HIGHER),
    "items_per_second": Metric("items_per_second", "items/s", Better.HIGHER),
}

_NO_COUNTERS = {
    "name", "run_name", "run_type", "family_index", "per_family_instance_index", "repetitions",
    "repetition_index", "threads", "iterations", "real_time", "cpu_time", "time_unit", "label",
    "aggregate_name", "aggregate_unit", "error_occurred", "error_message", "skipped", "skip_message",
}  # fmt: skip

_SCALES = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
_AGGREGATES = ("mean", "median", "stddev")


class _Entry(msgspec.Struct, frozen=True):
    """One line of the table; older versions name only the aggregate, at the end of `name`."""

    name: str
    run_name: str = ""
    run_type: str = ""
    repetitions: int = 0
    aggregate_name: str = ""
    iterations: float = 1
    real_time: float | None = None
    cpu_time: float | None = None
    time_unit: str = "ns"
    error_occurred: bool = False
    error_message: str = ""
    skipped: bool = False
    skip_message: str = ""


class _Row:
    """The repetitions and aggregates of one benchmark."""

    def __init__(self) -> None:
        self.values: dict[Metric, list[float]] = {}
        self.loops = 1
        self.aggregates: dict[Metric, dict[str, float]] = {}
        self.repetitions = 0


def recognises(document: Document) -> bool:
    """Whether the file is Google Benchmark's: its context counts CPUs, or its benchmarks have its times."""
    match document.json_value:
        case {"context": {"num_cpus": _}, "benchmarks": list()}:
            return True
        case {"benchmarks": [{"name": _, "real_time": _, "cpu_time": _, "iterations": _}, *_]}:
            return True
        case _:
            return False


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`: one run, whose samples are the repetitions of the one process.

    Wall time is the metric `time`, CPU time `cpu`, each counter a metric of its own. Where only
    aggregates were kept they are the summary. Entries that cannot be used are problems.
    """
    try:
        parsed = document.json
    except MalformedError as error:
        return unreadable(document.path, error.message, error.line)
    suite: Any = parsed.value
    gathering = Gathering(document.path)
    gathering.note_repeated(parsed.repeated)
    context = suite.get("context")
    context = context if isinstance(context, dict) else {}
    environment = _environment(context)
    started = moment(context.get("date"))
    rows: dict[str, _Row] = {}
    for number, entry in enumerate(suite["benchmarks"]):
        try:
            _take(entry, rows, gathering)
        except UnusableError as error:
            gathering.note(f"benchmarks[{number}]: {error}")
    for name, row in rows.items():
        for metric, runs, summary in _figures(row, started):
            benchmark = BenchmarkId("", name)
            gathering.take(Measurement(benchmark, metric, runs, environment, document.path, summary))
    side = SideHeader("", "", False, environment)
    return gathering.result(Header("", started, {HEAD: side}, noise=tuple(_noise(context))))


def _take(data: object, rows: dict[str, _Row], gathering: Gathering) -> None:
    """One entry into its row. Raises UnusableError."""
    try:
        entry = msgspec.convert(data, _Entry)
    except msgspec.ValidationError as error:
        raise UnusableError(str(error)) from error
    aggregate = entry.aggregate_name
    name = (entry.run_name or entry.name.removesuffix(f"_{aggregate}")).strip()
    if not name:
        raise UnusableError("has no name")
    if entry.error_occurred or entry.skipped:
        outcome = Outcome.FAILED if entry.error_occurred else Outcome.SKIPPED
        reason = entry.error_message or entry.skip_message or "no reason is given"
        gathering.take_outcome(BenchmarkId("", name), outcome, reason)
        return
    if aggregate or entry.run_type == "aggregate":
        if aggregate in _AGGREGATES:
            row = rows.setdefault(name, _Row())
            row.repetitions = max(row.repetitions, entry.repetitions)
            for metric, value in _values(entry, data):
                row.aggregates.setdefault(metric, {})[aggregate] = value
        return
    values = list(_values(entry, data))
    if not values:
        raise UnusableError(f"{name} has no values")
    row = rows.setdefault(name, _Row())
    row.loops = int(entry.iterations) if 1 <= entry.iterations < 2**53 else 1
    for metric, value in values:
        row.values.setdefault(metric, []).append(value)


def _values(entry: _Entry, data: Any) -> Iterator[tuple[Metric, float]]:
    """The figures of one entry in base units. Raises UnusableError for a unit or number that is none."""
    scale = _SCALES.get(entry.time_unit)
    if scale is None:
        raise UnusableError(f"has the time unit {entry.time_unit!r}; expected {', '.join(_SCALES)}")
    for metric, time in ((TIME, entry.real_time), (CPU, entry.cpu_time)):
        if time is not None:
            yield metric, _finite(time * scale, metric.name)
    for name, value in data.items():
        if name not in _NO_COUNTERS and isinstance(value, int | float) and not isinstance(value, bool):
            yield _COUNTERS.get(name) or Metric(name, "count", Better.NONE), _finite(value, name)


def _finite(value: float, name: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UnusableError(f"{name} is not a finite number")
    return number


def _figures(row: _Row, started: float) -> Iterator[tuple[Metric, tuple[Run, ...], Summary | None]]:
    """What is known of each metric of a row: its samples, or else the aggregates of them."""
    for metric, values in row.values.items():
        yield metric, (Run(tuple(values), 0, started, loops=row.loops),), None
    for metric, found in row.aggregates.items():
        if metric not in row.values:
            count = row.repetitions if row.repetitions > 0 else None
            yield metric, (), Summary(found.get("median"), found.get("mean"), found.get("stddev"), count)


def _environment(context: Mapping[str, Any]) -> Environment:
    host, cores = context.get("host_name"), context.get("num_cpus")
    return dataclasses.replace(
        UNKNOWN,
        machine=host.strip() if isinstance(host, str) else "",
        cores=cores if isinstance(cores, int) and not isinstance(cores, bool) and 0 <= cores < 2**53 else 0,
    )


def _noise(context: Mapping[str, Any]) -> Iterator[str]:
    """What Google Benchmark itself warns of."""
    if context.get("cpu_scaling_enabled") is True:
        yield "the CPU's frequency scaling was on"
    if context.get("library_build_type") == "debug":
        yield "Google Benchmark was built for debugging"
