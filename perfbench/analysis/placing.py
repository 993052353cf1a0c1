"""Where between two levels the change most likely is, and within which points it surely is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perfbench.analysis.rank_scan import FEWEST

if TYPE_CHECKING:
    from perfbench.model_history import Floats

_SURELY = 1.84
"""A quarter of the 95 % point, 7.35, of twice the log-likelihood ratio of a change's place (Yao 1987): the costs here
are half a log-likelihood."""

_FEW = 20
"""Of so few points a robust spread is too small too often."""


@dataclass(frozen=True, slots=True)
class Placing:
    """The most likely first point of the new level, and those from `earliest` to `latest` that are not much less so.

    All count from the window's beginning. `spread` is the standard deviation of the points about their levels.
    """

    place: int
    earliest: int
    latest: int
    spread: float


def placing(window: Floats, cut: int, before: float, after: float) -> Placing:
    """Where in a window the level changes from `before` to `after`, both medians with the change at `cut`.

    The noise is taken as Student's t with 3 degrees of freedom: an outlier moves the place by little.
    """
    n = len(window)
    inner, outer = window - before, window - after
    rest = np.abs(np.concatenate((inner[:cut], outer[cut:])))
    robust = 1.4826 * middle(rest)
    spread = robust or 1.2533 * float(rest.sum()) / n
    if spread <= 0 or n < 2 * FEWEST:
        return Placing(cut, cut, cut, spread)
    factor = 1 / (3 * spread * spread)
    costs: Floats = np.log1p(inner * inner * factor)
    costs -= np.log1p(outer * outer * factor)
    costs = costs.cumsum()
    best = FEWEST - 1 + int(costs[FEWEST - 1 : n - FEWEST].argmin())
    likely = (costs <= costs[best] + _SURELY).nonzero()[0]
    if n <= _FEW:
        spread = max(spread, math.sqrt(float(rest @ rest) / max(1, n - 2)))
    return Placing(
        best + 1, min(best, int(likely[0])) + 1, min(max(best, int(likely[-1])) + 1, n - 1), spread
    )


def middle(values: Floats) -> float:
    """The median, without the checks that cost NumPy's own more than the median itself."""
    half = len(values) // 2
    ordered = values.copy()
    ordered.partition(half)
    upper = float(ordered[half])
    return upper if len(values) % 2 else (float(ordered[:half].max()) + upper) / 2
