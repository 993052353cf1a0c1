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
"""The scale reaches at least 5 % to either side, so that noise looks like noise; what lies beyond 16 × is cut."""


class IntervalChart:
    """Draws changes on one scale, even in the logarithm: twice as slow lies as far out as twice as fast."""

    def __init__(self, comparisons: Iterable[Comparison]) -> None:
        bounds = [abs(_log(bound)) for one in comparisons for bound in (one.low, one.ratio, one.high)]
        furthest = max((bound for bound in bounds if not math.isnan(bound)), default=0.0)
        self.reach = min(max(furthest, NARROWEST), WIDEST)

    @property
    def ends(self) -> tuple[str, str]:
        """What the left and the right end of the scale stand for: `−28 %` and `+38 %`."""
        return format_ratio(math.exp(-self.reach)), format_ratio(math.exp(self.reach))

    def picture(self, comparison: Comparison) -> str:
        """The change as SVG; empty where there is none. Who does not see it reads the same in numbers beside it."""
        if math.isnan(comparison.ratio):
            return ""
        middle = self._place(comparison.ratio)
        low, high = (
            middle if math.isnan(bound) else self._place(bound) for bound in (comparison.low, comparison.high)
        )
        one = self._place(1.0)
        return (
            f'<svg class="change" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" aria-hidden="true">'
            f'<line x1="{one:.1f}" y1="0" x2="{one:.1f}" y2="{HEIGHT:g}"/>'
            f'<rect x="{low:.1f}" y="7" width="{max(high - low, 1):.1f}" height="6" rx="3"/>'
            f'<circle cx="{middle:.1f}" cy="10" r="3"/></svg>'
        )

    def _place(self, ratio: float) -> float:
        share = min(max(_log(ratio) / self.reach, -1.0), 1.0)
        return WIDTH / 2 + share * (WIDTH / 2 - EDGE)


def _log(ratio: float) -> float:
    return math.log(ratio) if ratio > 0 else math.nan if math.isnan(ratio) else -math.inf
