"""The change of each row as a small picture: its interval on one scale for all rows, with the line of no change."""

from __future__ import annotations

import math
from collections.abc import Iterable

from perfbench.model import Comparison
from perfbench.units import format_ratio

WIDTH, HEIGHT = 160.0, 20.0
EDGE = 8.0
"""Kept free on either side."""

NARROWEST, WIDEST = math.log(1.05), math.log(16)
"""The scale reaches at least 5 % to either side, so that noise looks like noise, and at most to 16 ×."""


class IntervalChart:
    """Draws changes on one scale, even in the logarithm: twice as slow lies as far out as twice as fast."""

    def __init__(self, comparisons: Iterable[Comparison]) -> None:
        drawn = [one for one in comparisons if not math.isnan(one.ratio)]
        # A bound of 0 or ∞ says that nothing is known in that direction; the others keep their scale.
        known = [abs(_log(bound)) for one in drawn for bound in (one.low, one.ratio, one.high)]
        furthest = max((bound for bound in known if math.isfinite(bound)), default=0.0)
        self._reach = min(max(furthest, NARROWEST), WIDEST)
        self._cut = any(bound > self._reach for bound in known)
        self._empty = not drawn

    def scale(self) -> str:
        """What the ends of the scale stand for, as a sentence; empty where nothing is drawn."""
        if self._empty:
            return ""
        low, high = format_ratio(math.exp(-self._reach)), format_ratio(math.exp(self._reach))
        beyond = "; what lies beyond is drawn to its end" if self._cut else ""
        return f"Changes with their intervals, from {low} to {high}{beyond}; the line is no change."

    def picture(self, comparison: Comparison) -> str:
        """The change as SVG; empty where there is none. Who does not see it reads the same in numbers beside it."""
        if math.isnan(comparison.ratio):
            return ""
        middle, one = self._place(comparison.ratio), self._place(1.0)
        low, high = (
            middle if math.isnan(bound) else self._place(bound) for bound in (comparison.low, comparison.high)
        )
        return (
            f'<svg class="change" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" aria-hidden="true">'
            f'<line class="none" x1="{one:.1f}" y1="0" x2="{one:.1f}" y2="{HEIGHT:g}"/>'
            f'<rect x="{low:.1f}" y="5" width="{max(high - low, 1):.1f}" height="10"/>'
            f'<line x1="{middle:.1f}" y1="3" x2="{middle:.1f}" y2="17"/></svg>'
        )

    def _place(self, ratio: float) -> float:
        share = min(max(_log(ratio) / self._reach, -1.0), 1.0)
        return WIDTH / 2 + share * (WIDTH / 2 - EDGE)


def _log(ratio: float) -> float:
    return math.log(ratio) if ratio > 0 else math.nan if math.isnan(ratio) else -math.inf
