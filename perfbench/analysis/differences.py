"""Single places in the order of all differences between two samples, without sorting all of them."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

LEAST_PAIRS = 400
"""Fewer differences are all sorted."""

_STEP = 4
_SLACK = 0.05
_ROUNDING = 1e-12


def differences_at(places: Sequence[int], base: Sequence[float], head: Sequence[float]) -> list[float]:
    """The differences head − base at these places (ascending, from 0) of their ascending order.

    Every fourth value of either side tells between which bounds the wanted ones probably lie; only what lies
    between these is sorted, and what lies below is counted. Where the bounds were wrong, or so near that rounding
    might have put a difference on their wrong side, all are sorted.
    """
    lefts, rights = (
        sorted(base, reverse=True),
        sorted(head),
    )  # ascending stretches are quickly sorted together
    if len(lefts) * len(rights) >= LEAST_PAIRS and min(len(lefts), len(rights)) >= _STEP:
        first, last = places[0], places[-1]
        least, most = _bounds(first, last, lefts, rights)
        below, within = _within(least, most, lefts, rights)
        if below <= first and last < below + len(within):
            error = _ROUNDING * max(map(abs, (lefts[0], lefts[-1], rights[0], rights[-1])))
            if within[first - below] - least > error and most - within[last - below] > error:
                return [within[place - below] for place in places]
    ordered = sorted([right - left for left in lefts for right in rights])
    return [ordered[place] for place in places]


def _bounds(first: int, last: int, lefts: Sequence[float], rights: Sequence[float]) -> tuple[float, float]:
    """Where the differences from place `first` to `last` probably lie."""
    # The two starts are off the middle of a step in opposite ways.
    few = sorted([right - left for left in lefts[1::_STEP] for right in rights[2::_STEP]])
    share, slack = len(few) / (len(lefts) * len(rights)), _SLACK * len(few)
    return (
        few[max(0, int(first * share - slack))],
        few[min(len(few) - 1, math.ceil(last * share + slack))],
    )


def _within(
    least: float, most: float, lefts: Sequence[float], rights: Sequence[float]
) -> tuple[int, list[float]]:
    """How many differences lie below `least`, and those from there to `most`, ascending."""
    below, within = 0, list[float]()
    for left in lefts:
        start = bisect_left(rights, least + left)
        below += start
        within += [right - left for right in rights[start : bisect_right(rights, most + left, start)]]
    within.sort()
    return below, within
