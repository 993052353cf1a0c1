"""What the files of a history are, and where and what they measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from perfbench.model import BenchmarkId, Metric


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
