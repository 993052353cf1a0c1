"""When everything moves together, it was the machine and not the code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from perfbench.analysis.intervals import median
from perfbench.analysis.limits import DEFAULT_LIMIT
from perfbench.model import Better, Comparison
from perfbench.units import SECONDS

LEAST_ROWS = 8
"""Fewer rows may well have a piece of code in common."""

ALIKE = 0.9
"""The share of the rows whose intervals must hold the common ratio."""


@dataclass(frozen=True, slots=True)
class CommonMode:
    """All `rows` times moved by about the same `ratio` (1.07: everything took 7 % longer)."""

    ratio: float
    rows: int


def common_mode(rows: Sequence[Comparison], *, control: Comparison | None = None) -> CommonMode | None:
    """The common move of the rows' times, None where they did not move together or not at all.

    They did when there are at least 8 rows, the median of their ratios lies more than 1 % from 1, and nine
    in ten of them have that median within their interval and moved to its side. A `control`, fixed work
    measured beside them, knows better: where its interval holds 1, the machine has not moved.
    """
    times = [row for row in rows if row.metric.unit == SECONDS and row.metric.better is Better.LOWER]
    times = [row for row in times if 0 < row.low <= row.high < math.inf]
    if len(times) < LEAST_ROWS or (control is not None and control.low <= 1.0 <= control.high):
        return None
    ratio = math.exp(median([math.log(row.ratio) for row in times]))
    moved = abs(math.log(ratio)) > math.log1p(DEFAULT_LIMIT)
    alike = [row for row in times if row.low <= ratio <= row.high and (row.ratio > 1.0) == (ratio > 1.0)]
    if not moved or len(alike) < ALIKE * len(times):
        return None
    return CommonMode(ratio, len(times))
