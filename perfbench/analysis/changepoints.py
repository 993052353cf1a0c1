"""Where the level of a list of numbers changes, by how much, and how surely.

`rank_scan` looks, `segmentation` decides, and here each change gets its size with an interval, its place with a
range, its direction, and whether it was undone. What this finds and misses is measured in docs/accuracy.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perfbench.analysis.placing import middle
from perfbench.analysis.segmentation import HOLD_CHANCE, Segmentation
from perfbench.model import Better
from perfbench.model_history import Change, Direction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perfbench.model_history import Floats

    Numbers = Sequence[float | None] | Floats

_ABNORMAL = 1e140
"""Beyond this, sums of squares overflow; no benchmark measures so much."""

_Z95 = 1.96

_BACK = 0.25
"""A change is undone when at most this share of it is left."""

_LIGHT = 0.5
"""A weight below this is worth the slower statistic."""


def changes_of(
    values: Numbers,
    low: Numbers | None = None,
    high: Numbers | None = None,
    better: Better = Better.LOWER,
) -> tuple[Change, ...]:
    """The changes of level in `values`, in order; no assumption about the noise but that it comes in no order.

    `low` and `high` bound each value (None or NaN where unknown): a point with wide bounds counts less. What is
    not finite is passed over. Never raises for numbers, however few or odd.
    """
    given = np.asarray(values, dtype=np.float64)  # None becomes NaN
    usable = (np.abs(given) < _ABNORMAL).nonzero()[0]  # not NaN either
    finite = given[usable]
    is_positive = len(finite) > 0 and float(finite.min()) > 0
    segmentation = Segmentation(np.log(finite) if is_positive else finite, _weights(low, high, usable))
    cuts = segmentation.cuts()
    if not cuts:
        return ()
    shrinkage = segmentation.shrinkage(cuts)
    bounds = [0, *cuts, len(finite)]
    levels = [segmentation.median(begin, end) for begin, end in pairwise(bounds)]
    found = []
    for at, cut in enumerate(cuts):
        begin, end = bounds[at], bounds[at + 2]
        before, after = levels[at], levels[at + 1]
        placed = segmentation.placing(begin, cut, end)
        # The median of k normal numbers has π/2 times the variance of their mean; shrinkage makes k smaller.
        error = placed.spread * math.sqrt(math.pi / 2 * (1 / (cut - begin) + 1 / (end - cut))) / shrinkage
        sureness = 1.0 - min(segmentation.chance(begin, cut, end, shrinkage), HOLD_CHANCE)
        earliest, latest = min(cut, begin + placed.earliest), max(cut, begin + placed.latest)
        place = _Place(int(usable[cut]), int(usable[earliest]), int(usable[latest]))
        size = _size(before, after, _quantile(end - begin - 2) * error, is_positive)
        found.append(_change(place, size, sureness, better))
    return _with_recoveries(found)


class _Place(NamedTuple):
    first: int
    earliest: int
    latest: int


class _Size(NamedTuple):
    before: float
    after: float
    ratio: float
    low: float
    high: float


def _size(before: float, after: float, reach: float, is_positive: bool) -> _Size:
    """Levels, and their ratio with its interval where they are logarithms."""
    if not is_positive:
        return _Size(before, after, math.nan, math.nan, math.nan)
    step = after - before
    return _Size(
        math.exp(before), math.exp(after), math.exp(step), math.exp(step - reach), math.exp(step + reach)
    )


def _change(place: _Place, size: _Size, sureness: float, better: Better) -> Change:
    difference = size.after - size.before
    return Change(
        place.first,
        place.earliest,
        place.latest,
        size.before,
        size.after,
        size.ratio,
        size.low,
        size.high,
        difference,
        sureness,
        _direction(difference, better),
    )


def _quantile(degrees: int) -> float:
    """The 97.5 % quantile of Student's t, within 1 % from three degrees on (Cornish–Fisher)."""
    v = max(degrees, 1)
    z = _Z95
    return z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v * v)


def _direction(difference: float, better: Better) -> Direction:
    if better is Better.NONE:
        return Direction.CHANGE
    worse = difference > 0 if better is Better.LOWER else difference < 0
    return Direction.REGRESSION if worse else Direction.IMPROVEMENT


def _with_recoveries(changes: list[Change]) -> tuple[Change, ...]:
    """The changes, each with the first later one that undid it."""
    found = []
    for at, change in enumerate(changes):
        undone = next((later.index for later in changes[at + 1 :] if _undoes(later, change)), None)
        found.append(change if undone is None else replace(change, recovered=undone))
    return tuple(found)


def _undoes(later: Change, change: Change) -> bool:
    left = (later.after - change.before) / change.difference if change.difference else 1.0
    return left <= _BACK


def _weights(
    low: Numbers | None,
    high: Numbers | None,
    usable: NDArray[np.intp],
) -> Floats | None:
    """How much each point counts, from 0 to 1: less, the wider its bounds are than usual; None if all count alike."""
    if low is None or high is None:
        return None
    bounds = [np.asarray(side, dtype=np.float64)[usable] for side in (low, high)]
    width = bounds[1] - bounds[0]
    known = width[width > 0]
    if len(known) < 2:
        return None
    weights = np.ones(len(width))
    wide = width > 0
    weights[wide] = np.minimum(1.0, middle(known) / width[wide])
    return weights if bool((weights < _LIGHT).any()) else None
