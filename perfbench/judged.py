"""What a user's own rule is shown: every row of a finished job with its verdict and its samples, read only.

`perfbench.Results` is public: a `[[check]]` of perfbench.toml is called with one.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass

from perfbench.model import Environment, Measurement, SideSummary, Verdict


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """One row and metric. `base` and `head` hold all samples of the sides, None where there are none."""

    verdict: Verdict
    base: Measurement | None = None
    head: Measurement | None = None

    @property
    def id(self) -> str:
        """The row's full id, `module.Class.time_name(value, value)`."""
        return str(self.verdict.benchmark)

    @property
    def metric(self) -> str:
        """The metric's name: `time`, `track`, `peakmem` …; empty for a row that could not be measured."""
        return self.verdict.metric.name if self.verdict.metric else ""

    @property
    def outcome(self) -> str:
        """The verdict's outcome in the glossary's words: `passed`, `regressed` …"""
        return self.verdict.outcome.value

    @property
    def base_median(self) -> float | None:
        """Base's median in the metric's base unit (seconds, bytes …)."""
        return self.verdict.comparison.base if self.verdict.comparison else None

    @property
    def head_median(self) -> float | None:
        """Head's median in the metric's base unit."""
        return self.verdict.comparison.head if self.verdict.comparison else self.verdict.value

    @property
    def ratio(self) -> float | None:
        """Head divided by base."""
        return self.verdict.comparison.ratio if self.verdict.comparison else None

    @property
    def base_values(self) -> tuple[float, ...]:
        """Base's samples, run by run."""
        return _values(self.base)

    @property
    def head_values(self) -> tuple[float, ...]:
        """Head's samples, run by run."""
        return _values(self.head)


@dataclass(frozen=True, slots=True)
class Results:
    """A finished job. `noise_floor` is a share (0.008 is 0.8 %), None where it was not measured."""

    title: str
    base: SideSummary | None
    head: SideSummary
    rows: tuple[JudgedRow, ...]
    environment: Environment
    noise_floor: float | None = None

    def __iter__(self) -> Iterator[JudgedRow]:
        return iter(self.rows)

    def row(self, id: str, metric: str | None = None) -> JudgedRow:
        """The row of that full id, and of that metric where it has several. Raises KeyError without one."""
        for row in self.rows:
            if row.id == id and metric in (None, row.metric):
                return row
        raise KeyError(f"no row {id!r} was measured")

    def matching(self, pattern: str) -> tuple[JudgedRow, ...]:
        """The rows whose full id fits a shell-style pattern; none where none does."""
        return tuple(row for row in self.rows if fnmatch.fnmatchcase(row.id, pattern))


def _values(measurement: Measurement | None) -> tuple[float, ...]:
    return () if measurement is None else tuple(value for run in measurement.runs for value in run.values)
