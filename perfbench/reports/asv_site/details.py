"""What asv's site shows beside points and changes, and a history does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Params = tuple[tuple[str, str], ...]
"""The (name, value) pairs of a row."""

Setting = Mapping[str, str | None]
"""What asv tells graphs apart by: machine, Python, dependencies, branch, …; None where one has no such thing."""


@dataclass(frozen=True, slots=True)
class AsvBenchmark:
    """One entry of `benchmarks.json`, and the place of each row in the order of its params."""

    entry: Mapping[str, Any]
    rows: Mapping[Params, int]


@dataclass(frozen=True, slots=True)
class AsvDetails:
    """What a tree of asv's results tells beside its results; all of it may be missing.

    `settings` are what the result files of a machine and environment say of themselves. `complete` says that
    `benchmarks` are all that there is to show, as for asv: what else was measured once is left out.
    """

    benchmarks: Mapping[str, AsvBenchmark] = field(default_factory=dict)
    machines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    settings: Mapping[tuple[str, str], Setting] = field(default_factory=dict)
    complete: bool = False
    project_url: str = "#"
