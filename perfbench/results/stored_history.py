"""What a baseline was before: `<name>.history.jsonl` beside it, a line for each run that was one.

A line has each row's median, spread and count of rounds, and no samples: fifty of them tell how far a row
moves from night to night, which no single run can.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from perfbench.errors import PerfbenchError
from perfbench.model import Environment, Measurement
from perfbench.results.document import load as load_document
from perfbench.results.replacing import replace_bytes
from perfbench.results.result_file import ResultFile

SUFFIX = ".history.jsonl"

KEPT = 50
"""So many runs are kept; older ones say little of the machine as it is now."""

_LARGEST = 32 * 1024**2
_DIGITS = 6
_QUARTERS = 4

Finite = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
_NotNegative = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class RowLine(msgspec.Struct, frozen=True, array_like=True):
    """One row of a stored run.

    Its full id, its metric, the median of its rounds' medians, half the distance between their quartiles,
    in the metric's unit, and how many rounds there were.
    """

    row: str
    metric: str
    median: Finite
    spread: Finite
    runs: _NotNegative


class RunLine(msgspec.Struct, frozen=True, tag_field="type", tag="run"):
    """One stored run. `hardware` is what its figures can be compared across, in words."""

    created: Finite
    commit: str
    hardware: str
    rows: tuple[RowLine, ...]


class _FirstLine(msgspec.Struct, frozen=True, tag_field="type", tag="header"):
    format: Literal["perfbench-history"]
    version: _NotNegative


_Line = TypeVar("_Line", bound=msgspec.Struct)

_FIRST = msgspec.json.encode(_FirstLine("perfbench-history", 1))


@dataclass(frozen=True, slots=True)
class History:
    """The stored runs of one baseline, oldest first."""

    runs: tuple[RunLine, ...] = ()

    def medians(self, hardware: str) -> Mapping[tuple[str, str], Sequence[float]]:
        """What each row (by full id and metric) measured on such hardware, the oldest first."""
        found: dict[tuple[str, str], list[float]] = {}
        for run in self.runs:
            if run.hardware == hardware:
                for line in run.rows:
                    found.setdefault((line.row, line.metric), []).append(line.median)
        return found

    def with_run(self, run: RunLine) -> History:
        """The history with one more run, in the order of time; one that it holds already is not added twice."""
        if any((old.created, old.commit) == (run.created, run.commit) for old in self.runs):
            return self
        return History(tuple(sorted((*self.runs, run), key=lambda one: one.created))[-KEPT:])


def beside(baseline: Path) -> Path:
    """Where the history of a baseline lies."""
    return baseline.with_name(baseline.name.removesuffix(".jsonl") + SUFFIX)


def hardware_words(environment: Environment) -> str:
    """What two stored runs must have in common to be one series: processor and cores."""
    return f"{environment.architecture} {environment.cpu}, {environment.cores} cores".strip()


def run_line(result: ResultFile, side: str) -> RunLine:
    """What the history keeps of one side of a run: rows with a finite median, in few digits."""
    header = result.header.sides[side]
    rows = (_row_line(measurement) for measurement in result.sides[side])
    return RunLine(
        created=result.header.created,
        commit=header.commit,
        hardware=hardware_words(header.environment),
        rows=tuple(row for row in rows if row is not None),
    )


def read(path: Path) -> History:
    """The history in a file, empty where there is none. Raises PerfbenchError, with the line, for a damaged one."""
    if not path.exists():
        return History()
    data = load_document(path).data
    if len(data) > _LARGEST:
        raise _damaged(path, f"it holds more than {_LARGEST // 1024**2} MiB")
    first, *rest = data.splitlines() or [b""]
    _decode(first, _FirstLine, path, 1)
    runs = [_decode(line, RunLine, path, number) for number, line in enumerate(rest, start=2) if line.strip()]
    return History(tuple(sorted(runs, key=lambda run: run.created)[-KEPT:]))


def write(path: Path, history: History) -> None:
    """Store a history in place of the one that is there. Raises PerfbenchError where that cannot be done."""
    replace_bytes(path, b"".join(line + b"\n" for line in (_FIRST, *map(_encode, history.runs))))


def _row_line(measurement: Measurement) -> RowLine | None:
    from statistics import median  # noqa: PLC0415  (3 ms, and few commands add to a history)

    values = _rounds(measurement)
    if not values:
        return None
    middle, spread = median(values), _half_quartile_distance(values)
    return RowLine(
        str(measurement.benchmark),
        measurement.metric.name,
        float(f"{middle:.{_DIGITS}g}"),
        float(f"{spread:.3g}"),
        len(values),
    )


def _rounds(measurement: Measurement) -> list[float]:
    """The median of each round."""
    from statistics import median  # noqa: PLC0415

    finite = ([v for v in run.values if math.isfinite(v)] for run in measurement.runs)
    return [median(values) for values in finite if values]


def _half_quartile_distance(values: Sequence[float]) -> float:
    ordered = sorted(values)
    last = len(ordered) - 1
    return (ordered[round(3 * last / _QUARTERS)] - ordered[round(last / _QUARTERS)]) / 2


def _encode(line: RunLine) -> bytes:
    return msgspec.json.encode(line)


def _decode(text: bytes, shape: type[_Line], path: Path, number: int) -> _Line:
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(path, f"line {number}: {error}") from error


def _damaged(path: Path, how: str) -> PerfbenchError:
    return PerfbenchError(
        f"the history {path} is damaged: {how}", "restore it from version control, or remove it to begin anew"
    )
