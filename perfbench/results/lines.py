"""The lines of perfbench's own result file (docs/result-format.md), and how nouns become lines and back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from perfbench.model import BenchmarkId, Environment, Metric, Outcome, Run, Summary
from perfbench.results.json_text import encodable

FORMAT = "perfbench-results"
VERSION = 1

Number = float | Literal["NaN", "Infinity", "-Infinity"]
"""A sample; JSON has no words for the values that are not finite, so they are spelt (as protobuf does)."""

_LARGEST = 2**53

Count = Annotated[int, msgspec.Meta(ge=0, lt=_LARGEST)]
Positive = Annotated[int, msgspec.Meta(gt=0, lt=_LARGEST)]


class Side(msgspec.Struct, frozen=True):
    """One side, in the header line."""

    revision: str
    environment: Environment
    commit: str = ""
    dirty: bool = False


class HeaderLine(msgspec.Struct, frozen=True, tag_field="type", tag="header"):
    """The first line."""

    format: Literal["perfbench-results"]
    version: Count
    created: float
    title: str
    sides: dict[str, Side]
    arguments: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()


class RowLine(msgspec.Struct, frozen=True, tag_field="type", tag="row"):
    """Names a row and metric once; its runs refer to the number."""

    row: Count
    suite: str
    name: str
    params: tuple[tuple[str, str], ...]
    metric: Metric


class RunLine(msgspec.Struct, frozen=True, tag_field="type", tag="run", omit_defaults=True):
    """One worker process."""

    row: Count
    side: str
    round: Count
    started: float
    loops: Positive
    values: tuple[Number, ...]
    times: tuple[float, ...] = ()
    cpu: tuple[Number, ...] = ()


class SummaryLine(msgspec.Struct, frozen=True, tag_field="type", tag="summary"):
    """What is known of a row on one side where its samples are not; a number that is not finite reads null."""

    row: Count
    side: str
    summary: Summary


class OutcomeLine(msgspec.Struct, frozen=True, tag_field="type", tag="outcome"):
    """A row without values, and why."""

    suite: str
    name: str
    params: tuple[tuple[str, str], ...]
    outcome: Outcome
    reason: str
    sides: tuple[str, ...]


class EndLine(msgspec.Struct, frozen=True, tag_field="type", tag="end", omit_defaults=True):
    """The last line of a run that was not killed."""

    complete: bool
    seconds: float
    exit_code: int | None = None


Line = HeaderLine | RowLine | RunLine | SummaryLine | OutcomeLine | EndLine


def encode(line: Line) -> bytes:
    """One line, its end included."""
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError:  # a file name or a program's output that is not text
        return msgspec.json.encode(encodable(msgspec.to_builtins(line))) + b"\n"


def row_line(number: int, benchmark: BenchmarkId, metric: Metric) -> RowLine:
    """The line that names a row."""
    return RowLine(number, benchmark.suite, benchmark.name, benchmark.params, metric)


def run_line(number: int, side: str, run: Run) -> RunLine:
    """The line of one worker process on row `number`."""
    return RunLine(
        number, side, run.round, run.started, run.loops, _spelt(run.values), run.times, _spelt(run.cpu)
    )


def run_of(line: RunLine) -> Run:
    """The run that a line holds. Raises ValueError where its lists do not fit each other."""
    if not line.values:
        raise ValueError("the run has no values")
    for name, numbers in (("times", line.times), ("cpu", line.cpu)):
        if numbers and len(numbers) != len(line.values):
            raise ValueError(f"the run has {len(line.values)} values but {len(numbers)} {name}")
    return Run(
        values=_numbers(line.values),
        round=line.round,
        started=line.started,
        times=line.times,
        cpu=_numbers(line.cpu),
        loops=line.loops,
    )


def summary_of(line: SummaryLine) -> Summary:
    """The summary that a line holds. Raises ValueError where a number of it cannot be what it is called."""
    summary = line.summary
    if not 0 < summary.confidence < 1:
        raise ValueError("the summary's confidence is no level between 0 and 1")
    if summary.count is not None and not 0 <= summary.count < _LARGEST:
        raise ValueError("the summary's count cannot be one")
    if summary.low is not None and summary.high is not None and summary.low > summary.high:
        raise ValueError("the summary's low lies above its high")
    return summary


def benchmark_of(line: RowLine | OutcomeLine) -> BenchmarkId:
    """The row that a line names."""
    return BenchmarkId(line.suite, line.name, line.params)


def _spelt(values: Iterable[float]) -> tuple[Number, ...]:
    return tuple(value if math.isfinite(value) else _spell(value) for value in values)


def _spell(value: float) -> Literal["NaN", "Infinity", "-Infinity"]:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _numbers(values: Iterable[Number]) -> tuple[float, ...]:
    return tuple(map(float, values))
