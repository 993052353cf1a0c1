"""Rows by number while files are read: ten million points name a few thousand rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfbench.model import BenchmarkId, Metric, Problem
from perfbench.results.history.measured import KeptFile, Place, Point
from perfbench.results.history.told import Told

if TYPE_CHECKING:
    from perfbench.results.history.columns import Floats, Numbers

Row = tuple[BenchmarkId, Metric, str]
"""A row's id, its metric and the benchmark's version."""


class RowTable:
    """Gives each row a number, from 0."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._numbers: dict[Row, int] = {}

    def number(self, benchmark: BenchmarkId, metric: Metric, version: str) -> int:
        """The row's number, a new one where it has none."""
        row = (benchmark, metric, version)
        number = self._numbers.setdefault(row, len(self.rows))
        if number == len(self.rows):
            self.rows.append(row)
        return number


@dataclass(frozen=True, slots=True, eq=False)
class ReadRun:
    """What one file holds of one commit at one place, in columns; `rows` are numbers of a `RowTable`.

    `date` is in seconds since the epoch, 0 where unknown; `moment` is when it was measured.
    """

    place: Place
    commit: str
    date: float
    moment: float
    hardware: str
    rows: Numbers
    values: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ReadFile:
    """A file that was read. `kept` is None where it cannot be used at all.

    `unchanged` says that the index has it as it is; `overwritten` how many values of the file that was kept before
    in its place are other ones now. `copy` is where a copy of it lies that has not got its name yet, if it is one
    to be kept, and `told` what lies beside it then.
    """

    path: str
    kept: KeptFile | None = None
    runs: Sequence[ReadRun] = ()
    problems: Sequence[Problem] = field(default_factory=tuple)
    is_asv: bool = False
    unchanged: bool = False
    overwritten: int = 0
    copy: str = ""
    told: Told | None = None


def in_columns(
    table: RowTable,
    points: Sequence[Point],
    *,
    place: Place,
    commit: str,
    date: float,
    moment: float,
    hardware: str,
) -> ReadRun:
    """A run of single points."""
    import numpy as np  # noqa: PLC0415

    count = len(points)
    return ReadRun(
        place, commit, date, moment, hardware,
        np.fromiter((table.number(each.benchmark, each.metric, each.version) for each in points), "<i4", count),
        np.fromiter((each.value for each in points), "<f8", count),
        np.fromiter((each.low for each in points), "<f8", count),
        np.fromiter((each.high for each in points), "<f8", count),
    )  # fmt: skip
