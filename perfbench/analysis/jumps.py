"""Jumps from one point to the next that stay, against those that a list of numbers makes everywhere."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perfbench.model_history import Floats

_REACH = 3
"""Points on each side whose median is taken: one outlier moves it by little."""

_USUAL = 0.75
"""Jumps up to this quantile are usual."""

_TIMES = 5.0
"""So many times the usual jump stands out."""


class Jumps:
    """By how much the median of three points differs from that of the three before, at each place of a list.

    Three points of little weight are no level to jump from or to.
    """

    def __init__(self, values: Floats, weights: Floats | None = None) -> None:
        self._values = values
        self._weights = weights

    def stands_out(self, place: int) -> bool:
        """Whether the level jumps between `place` − 1 and `place` by far more than it does elsewhere.

        A trend, or noise that wanders, never does: each of its steps is like the others.
        """
        jumps, usual = self._jumps
        at = place - _REACH
        return 0 <= at < len(jumps) and bool(jumps[at] > _TIMES * usual) and bool(jumps[at] > 0)

    @cached_property
    def _jumps(self) -> tuple[Floats, float]:
        n = len(self._values)
        if n < 2 * _REACH + 1:
            return np.zeros(0), 0.0
        a, b, c = self._values[:-2], self._values[1:-1], self._values[2:]
        medians = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
        jumps = np.abs(medians[_REACH:] - medians[:-_REACH])
        if self._weights is not None:
            sums = np.convolve(self._weights, np.ones(_REACH), "valid")
            jumps[np.minimum(sums[:-_REACH], sums[_REACH:]) < _REACH / 2] = 0.0
        rank = min(len(jumps) - 1, int(_USUAL * len(jumps)))
        return jumps, float(np.partition(jumps, rank)[rank])
