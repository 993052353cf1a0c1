"""Two levels in a few points: where ranks cannot be sure whatever they see, the size of the step can be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perfbench.analysis.rank_scan import FEWEST, tables

if TYPE_CHECKING:
    from perfbench.model_history import Floats

SHORT = 30
"""A window of at most so many points is short. Six of six points above six others has a rank chance of 4 % at best."""


def largest_step(window: Floats) -> int:
    """The place at which the means before and after differ most, for their numbers."""
    n = len(window)
    sums = (window - window.mean()).cumsum()[FEWEST - 1 : n - FEWEST]
    return FEWEST + int(np.abs(sums * tables(n)[1]).argmax())


def difference_chance(window: Floats, place: int, shrinkage: float = 1.0) -> float:
    """How likely noise makes the mean of the points from `place` on differ as it does (Student's t, pooled).

    It is 1 where a straight line explains more: that is a trend. Corrected for all places at which the step
    could have been, twice, since the best of them was looked for.
    `shrinkage` is by how much the statistic shrinks because neighbours resemble each other.
    """
    n = len(window)
    if min(place, n - place) < FEWEST:
        return 1.0
    moved = window - window[0]  # so that little is lost where all are nearly equal
    before, after = float(moved[:place].sum()), float(moved[place:].sum())
    difference = after / (n - place) - before / place
    whole = float(moved @ moved)
    squares = whole - before * before / place - after * after / (n - place)
    if squares > whole - (before + after) ** 2 / n - _of_line(moved):
        return 1.0
    # What repeats to the last digit is still not known better than that.
    floor = (1e-9 * (abs(float(window[0])) + abs(difference))) ** 2 * n
    spread = math.sqrt(max(squares, floor) / (n - 2))
    if spread <= 0:
        return 1.0
    t = shrinkage * abs(difference) / (spread * math.sqrt(1 / place + 1 / (n - place)))
    return min(1.0, 2 * (n - 1) * student_tail(t, n - 2))


def _of_line(values: Floats) -> float:
    """The sum of squares that a straight line explains."""
    n = len(values)
    slope = float(values @ tables(n)[3])
    return slope * slope / n


def student_tail(t: float, degrees: int) -> float:
    """P(|T| > t) of Student's t with whole degrees of freedom (Abramowitz & Stegun 26.7.3 and 26.7.4)."""
    theta = math.atan2(t, math.sqrt(degrees))
    cosine, sine = math.cos(theta), math.sin(theta)
    term = total = cosine if degrees % 2 else 1.0
    for k in range(3 if degrees % 2 else 2, degrees - 1, 2):
        term *= cosine * cosine * ((k - 1) / k)
        total += term
    if degrees == 1:
        return max(0.0, 1 - 2 * theta / math.pi)
    within = 2 / math.pi * (theta + sine * total) if degrees % 2 else sine * total
    return max(0.0, 1 - within)
