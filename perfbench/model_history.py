"""The nouns of a history: what one row measured, commit after commit, and where its level changed.

Arrays are NumPy's, of float64; values in the metric's base unit, dates in seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from perfbench.model import BenchmarkId, Metric, Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Which series: a row and metric on one machine, in one environment, on one branch.

    `benchmark.suite` is the project. `branch` is empty where nothing told it.
    """

    benchmark: BenchmarkId
    metric: Metric
    machine: str
    environment: str
    branch: str = ""

    def __str__(self) -> str:
        place = "/".join(part for part in (self.machine, self.environment, self.branch) if part)
        return f"{self.benchmark} {self.metric.name} [{place}]"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The points of one series, the oldest commit first; a commit that was measured twice stands there twice.

    All columns are equally long. `values` are finite medians; `low` and `high` bound them (NaN where a file
    does not say) at level `confidence`. `versions` are the benchmark's version at each point, empty where
    unknown: points of different versions are not compared.
    """

    key: SeriesKey
    commits: Sequence[str]
    dates: Floats
    values: Floats
    low: Floats
    high: Floats
    versions: Sequence[str]
    confidence: float = 0.99

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class SeriesEnd:
    """The last points of a series that have its newest version, by date; `length` counts all points of the series."""

    key: SeriesKey
    commits: Sequence[str]
    values: Floats
    length: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The commits of a branch by first parents, the oldest first, with their dates and the tags on them."""

    branch: str
    commits: tuple[str, ...]
    dates: tuple[float, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    """Full hash → the name of its tag."""


class Direction(StrEnum):
    """What a change means for who uses the code; `change` where the metric has no better."""

    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of level in a list of numbers.

    `index` is the first point of the new level, and the change happened, with 95 % sureness, at a point from
    `earliest` to `latest`. `before` and `after` are the medians of the two levels; `ratio` is after/before with
    its 95 % interval [`low`, `high`], NaN where a ratio has no meaning. `difference` is after − before.
    `sureness` is 1 − p, corrected for all places at which the change could have been. `recovered` is the index of the
    later change that brought the old level back (or better), None where none has.
    """

    index: int
    earliest: int
    latest: int
    before: float
    after: float
    ratio: float
    low: float
    high: float
    difference: float
    sureness: float
    direction: Direction
    recovered: int | None = None

    def __index__(self) -> int:
        return self.index


class Status(StrEnum):
    """What has become of a change since it was first seen, as points were appended."""

    NEW = "new"
    CONFIRMED = "confirmed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class PlacedChange:
    """A change of a series, with the commits between which it happened.

    The old level was last seen at `since`, the new one first at `commit`. `between` holds the commits of the
    branch that lie strictly between the two and were not measured, the oldest first; None where git was not asked.
    `date` is that of `commit`, in seconds since the epoch. `recovered_at` is the commit that brought it back.
    `within` are the measured commits from the change's `earliest` to its `latest`, as far as they were asked for.
    """

    key: SeriesKey
    change: Change
    since: str
    commit: str
    date: float
    between: tuple[str, ...] | None = None
    recovered_at: str | None = None
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Which changes raise an alert: of rows that fit `pattern`, a shell-style pattern of full ids.

    They are at least `size` large (relative, 0.05 is 5 %) and at least as sure as `sureness`; `improvements`
    count too, if asked. `origin` is `file:line`, empty for the default.
    """

    pattern: str = "*"
    size: float = 0.05
    sureness: float = 0.99
    improvements: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A change that a rule calls out. `id` is the same for the same change in every run.

    `accepted` is the reason of the acceptance that covers it, empty where none does. `told` says that it has been
    delivered before.
    """

    id: str
    placed: PlacedChange
    rule: AlertRule
    accepted: str = ""
    told: bool = False

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look: neither accepted nor recovered since."""
        return not self.accepted and self.placed.recovered_at is None


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """The alerts that one commit has raised, of however many rows, the largest change first. Never empty."""

    commit: str
    since: str
    date: float
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """One series with its changes: everything a page about it shows. `problems` are about this series."""

    series: Series
    changes: tuple[PlacedChange, ...] = ()
    alerts: tuple[Alert, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """A finished history, as reports show it: nothing left to compute.

    `timelines` by branch. `commit_url` is a URL before a commit's hash, empty where there is none.
    """

    project: str
    reports: tuple[SeriesReport, ...]
    timelines: Mapping[str, Timeline]
    problems: tuple[Problem, ...]
    created: float
    commit_url: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class NamedCommit:
    """A commit as a reader knows it: hash, subject, and date in seconds since the epoch."""

    commit: str
    subject: str = ""
    date: float = 0.0


class Likeness(StrEnum):
    """Which end of a bisection a commit is like; `skipped` where it could not be measured at all."""

    GOOD = "good"
    BAD = "bad"
    UNCLEAR = "unclear"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class BisectStep:
    """One measurement of a bisection: `commit` side by side with `against`, and what that told.

    `ratio` is the row's value at `commit` over that at `against`, with its interval [`low`, `high`]; NaN where there is
    none. `rounds` is how many it rests on, `likeness` what this measurement alone says of the commit.
    """

    commit: str
    against: str
    likeness: Likeness
    ratio: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    rounds: int = 0
    reason: str = ""


class BisectOutcome(StrEnum):
    """How a bisection ended: with one commit, with several that cannot be told apart, or before it began.

    `same` says that good and bad do not differ, `unsure` that this could not be told, `unfinished` that the time was
    up.
    """

    FOUND = "found"
    RANGE = "range"
    SAME = "same"
    UNSURE = "unsure"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Bisection:
    """A finished bisection: everything a report shows.

    `candidates` are the commits that may have brought the change, the oldest first: one where it was found. `before` is
    the last commit known to be like good. `change` is the measurement that says how large it is: of the one commit
    against the one before it, else of bad against good. `skipped` maps commits to why they could not be measured.
    `notes` are sentences about how it went.
    """

    benchmark: BenchmarkId
    metric: Metric
    good: NamedCommit
    bad: NamedCommit
    outcome: BisectOutcome
    direction: Direction
    limit: float
    candidates: tuple[NamedCommit, ...] = ()
    before: NamedCommit | None = None
    change: BisectStep | None = None
    steps: tuple[BisectStep, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    notes: tuple[str, ...] = ()
    exit_code: int = 0
