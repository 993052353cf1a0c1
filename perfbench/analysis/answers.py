"""What a statistic hands back, whichever it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from perfbench.analysis.intervals import Interval


@dataclass(frozen=True, slots=True)
class Answer:
    """The ratio of head to base with its interval. `units` counts what it rests on.

    `p` is two-sided, of no change at all. `evidence` is that of a Comparison.
    """

    interval: Interval
    p: float
    units: int
    warnings: tuple[str, ...] = ()
    evidence: tuple[tuple[float, ...], ...] = ()


def no_answer(warning: str, confidence: float, *, units: int = 0) -> Answer:
    """There is no ratio, and `warning` says why."""
    return Answer(Interval(math.nan, math.nan, math.nan, confidence), math.nan, units, (warning,))


def no_claim(ratio: float, warning: str, confidence: float, *, units: int) -> Answer:
    """There is a ratio, but too little to bound it with."""
    return Answer(Interval(ratio, 0.0, math.inf, confidence), 1.0, units, (warning,))


def detectable(interval: Interval) -> float:
    """The longer arm of an interval, as a relative change: a true change of that size would have left 1."""
    if interval.low == interval.high:
        return 0.0
    if interval.low > 0 and interval.high < math.inf:
        return max(interval.estimate / interval.low, interval.high / interval.estimate) - 1.0
    return math.nan if math.isnan(interval.estimate) else math.inf


def exp(shift: float) -> float:
    """A shift of logarithms as a ratio, ∞ where it is beyond any number."""
    return math.exp(shift) if shift < 709.0 else math.inf
