"""What a file tells a history: which commits it measured, where, and the points of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from perfbench.model import BenchmarkId, Metric, Problem


class Place(NamedTuple):
    """Where a series was measured: all that keeps two of them apart beside row and metric."""

    project: str
    machine: str
    environment: str
    branch: str = ""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A plain file of a history.

    `path` counts from the history's folder, or is absolute for a file that stays where it is. `source` is
    where it came from, `size` (bytes) and `modified` (nanoseconds since the epoch) what it had there.
    `digest` is of the content and of what the command line told about it.
    """

    path: str
    source: str
    size: int
    modified: int
    digest: str


class Point(NamedTuple):
    """One value in the metric's unit with its bounds, NaN where unknown; `version` is the benchmark's."""

    benchmark: BenchmarkId
    metric: Metric
    value: float
    low: float
    high: float
    version: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """What one file holds of one commit at one place; `date` in seconds since the epoch, 0 where unknown.

    `hardware` names processor, cores and memory as far as they are known, by which a renamed machine is
    found; empty where nothing is.
    """

    place: Place
    commit: str
    date: float
    hardware: str = ""
    points: Sequence[Point] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """All runs of one file, and what in it could not be used."""

    runs: Sequence[MeasuredRun] = ()
    problems: Sequence[Problem] = ()
