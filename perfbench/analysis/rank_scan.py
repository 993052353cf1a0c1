"""Where in a window of points the level changed most, told by ranks alone.

The statistic is Wilcoxon's rank sum of the points before each place against those after it, standardised, at
its largest (Pettitt 1979, "A non-parametric approach to the change-point problem", standardised as in
Csörgő & Horváth 1997, "Limit Theorems in Change-Point Analysis"). Under exchangeable noise its distribution
does not depend on the noise: outliers and two-humped noise cost power, never truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perfbench.model_history import Floats

FEWEST = 3
"""A level has at least so many points: two could be two outliers."""

_CACHED = 1024
_SCALES = 1.6
"""Each length of an excursion that is tried is so many times the one before."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The largest standardised rank sum of a window.

    `place` counts from the window's beginning; it is the first point of the new level. `z` is positive where
    the level fell. `line` is the standardised correlation of the ranks with time, which a trend makes larger
    than `z`.
    """

    place: int
    z: float
    line: float


NOTHING = Scan(0, 0.0, 0.0)


@lru_cache(maxsize=1024)
def _tables(n: int) -> tuple[Floats, Floats, float, Floats]:
    """For n points: centred ranks, 1/sd of each partial rank sum, the sd of a rank, centred time of variance 1."""
    ranks: Floats = np.arange(n, dtype=np.float64) - (n - 1) / 2
    k = np.arange(FEWEST, n - FEWEST + 1)
    scale: Floats = np.sqrt(n / (k * (n - k))).astype(np.float64)
    time: Floats = ranks / math.sqrt((n * n - 1) / 12)
    return ranks, scale, math.sqrt(n * (n + 1) / 12), time


def tables(n: int) -> tuple[Floats, Floats, float, Floats]:
    """As `_tables`, kept only for windows that are small enough to be kept."""
    return _tables(n) if n <= _CACHED else _tables.__wrapped__(n)


def has_ties(values: Floats) -> bool:
    """Whether any two values are equal."""
    ordered = values.copy()
    ordered.sort()
    return bool((ordered[1:] == ordered[:-1]).any())


def scores(window: Floats, *, may_tie: bool = True) -> tuple[Floats, float]:
    """Centred midranks of a window, and their standard deviation (of n − 1); (zeros, 0) where all are equal.

    `may_tie` False promises that no two values are equal, which spares the look.
    """
    n = len(window)
    ranks, _, deviation, _ = tables(n)
    order = window.argsort()
    found = np.empty(n)
    found[order] = ranks
    if not may_tie:
        return found, deviation
    ordered = window[order]
    differs = ordered[1:] != ordered[:-1]
    if not differs.all():
        bounds = np.concatenate(([0], differs.nonzero()[0] + 1, [n]))
        starts = bounds[:-1]
        counts = bounds[1:] - starts
        found[order] = (np.add.reduceat(ranks, starts) / counts).repeat(counts)
        deviation = math.sqrt(float(found @ found) / (n - 1))
    return found, deviation


def scan(ranks: Floats, deviation: float, weights: Floats | None = None) -> Scan:
    """The place at which a window's level changed most, by its `scores`.

    `weights`, from 0 to 1, say how much a point counts. A window of fewer than twice `FEWEST` points, or of
    equal ones, has no such place.
    """
    n = len(ranks)
    if n < 2 * FEWEST or deviation <= 0:
        return NOTHING
    _, scale, _, time = tables(n)
    if weights is not None:
        return _weighted(ranks, weights, time)
    z = ranks.cumsum()[FEWEST - 1 : n - FEWEST]
    z *= scale
    place = int(np.abs(z).argmax())
    return Scan(
        FEWEST + place, float(z[place]) / deviation, abs(float(ranks @ time)) / (deviation * math.sqrt(n))
    )


def _weighted(ranks: Floats, weights: Floats, time: Floats) -> Scan:
    """The same where points count differently: the partial sums of weighted ranks, each against its own variance."""
    n = len(ranks)
    whole = float(weights.sum())
    if whole <= 0:
        return NOTHING
    centred = ranks - float(ranks @ weights) / whole
    squares = weights * weights
    total = float(squares.sum())
    share = weights.cumsum() / whole
    variance = squares.cumsum() * (1 - 2 * share) + total * share * share
    deviation = math.sqrt(float(squares @ (centred * centred)) / total)
    if deviation <= 0:
        return NOTHING
    inside = slice(FEWEST - 1, n - FEWEST)
    z = (weights * centred).cumsum()[inside] / np.sqrt(np.maximum(variance[inside], 1e-12))
    # A side must have weight as of FEWEST points: what counts for nothing is no level.
    heavy = np.minimum(share[inside], 1 - share[inside]) * whole >= FEWEST * 0.5
    z[~heavy] = 0.0
    place = int(np.abs(z).argmax())
    line = abs(float((weights * centred) @ time)) / math.sqrt(float(squares @ (time * time)))
    return Scan(FEWEST + place, float(z[place]) / deviation, line / deviation)


def chance(z: float, n: int) -> float:
    """How likely the largest |z| of a window of n exchangeable points is as large.

    Csörgő & Horváth 1997, (1.3.26): exact for many points, too high rather than too low for few.
    """
    b = abs(z)
    if b <= 1:
        return 1.0
    edge = FEWEST / n
    if edge >= 0.5:
        return math.erfc(b / math.sqrt(2))
    span = 2 * math.log((1 - edge) / edge)
    tail = b * math.exp(-b * b / 2) / math.sqrt(2 * math.pi)
    return min(1.0, tail * (span - span / (b * b) + 4 / (b * b)))


def excursion(
    ranks: Floats, deviation: float, weights: Floats | None = None, *, seldom: float = 1.0
) -> tuple[int, int, float]:
    """The stretch of a window that differs most from the rest of it: (begin, end, p), p corrected for all stretches.

    Two changes that undo each other hide from `scan`. Lengths grow by a constant factor; the chance of the
    largest of one length is that of a stationary process with a triangular correlation (Pickands), made discrete
    as by Siegmund (1985, "Sequential Analysis"), and half of the lengths count, since neighbouring ones say
    the same. Stretches that are not as seldom as `seldom` are not told from none.
    """
    n = len(ranks)
    best = (0, 0, 1.0)
    if deviation <= 0:
        return best
    if weights is not None:
        ranks = weights * (ranks - float(ranks @ weights) / max(float(weights.sum()), 1e-12))
        deviation = math.sqrt(float(ranks @ ranks) / n) or 1.0
    sums = np.empty(n + 1)
    sums[0] = 0.0
    ranks.cumsum(out=sums[1:])
    lengths = excursion_lengths(n, seldom)
    reach = float(sums.max() - sums.min()) / deviation
    for length, least in lengths:
        if reach < least:
            continue  # no stretch at all goes so far
        differences = sums[length:] - sums[:-length]
        highest, lowest = float(differences.max()), float(differences.min())
        largest = max(highest, -lowest) / deviation
        if largest < least:
            continue
        p = _excursion_chance(largest / math.sqrt(length * (n - length) / n), length, n)
        p = min(1.0, p * max(1.0, len(lengths) / 2))
        if p < best[2]:
            begin = int(differences.argmax() if highest >= -lowest else differences.argmin())
            best = (begin, begin + length, p)
    return best


@lru_cache(maxsize=1024)
def _excursion_lengths(n: int, seldom: float) -> tuple[tuple[int, float], ...]:
    lengths, length = [], FEWEST + 1
    while length <= n // 2:
        lengths.append(length)
        length = max(length + 1, int(length * _SCALES))
    factor = max(1.0, len(lengths) / 2)
    return tuple((length, _least(length, n, seldom / factor)) for length in lengths)


def excursion_lengths(n: int, seldom: float) -> tuple[tuple[int, float], ...]:
    """The lengths of stretches that are looked at, each with the least sum of ranks over their sd that is so seldom."""
    return _excursion_lengths(n, seldom) if n <= _CACHED else _excursion_lengths.__wrapped__(n, seldom)


def _least(length: int, n: int, seldom: float) -> float:
    low, high = 1.0, 40.0
    if seldom >= 1:
        return 0.0
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if _excursion_chance(middle, length, n) < seldom else (middle, high)
    return low * math.sqrt(length * (n - length) / n)


def _excursion_chance(z: float, length: int, n: int) -> float:
    if z <= 1:
        return 1.0
    discrete = math.exp(-0.583 * z * math.sqrt(2 / length))
    return min(1.0, (n - length) / length * z * z * math.erfc(z / math.sqrt(2)) * discrete)
