"""Cuts a list of numbers into levels: split where ranks say so, then drop every cut that does not hold.

Splitting looks at windows one in another (binary segmentation), and for stretches that stand out of a window. A cut
holds if ranks tell its two levels apart although neighbours resemble each other, and if a step tells more than a
straight line: a trend is no change. Or if the level jumps at once by far more than it ever does elsewhere.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from perfbench.analysis.jumps import Jumps
from perfbench.analysis.placing import Placing, middle, placing
from perfbench.analysis.rank_scan import FEWEST, NOTHING, Scan, chance, excursion, has_ties, scan, scores
from perfbench.analysis.short_levels import SHORT, difference_chance, largest_step

if TYPE_CHECKING:
    from perfbench.model_history import Floats

SPLIT_CHANCE = 0.05
EXCURSION_CHANCE = 0.001
"""How easily a window is split, and how easily a stretch is cut out of it; what was cut has to hold afterwards."""

_EXCURSION_WINDOW = 23
"""In a window of fewer points no stretch can be as seldom as `EXCURSION_CHANCE`, whatever the values are."""

HOLD_CHANCE = 0.02
"""A cut holds if noise would make one like it, anywhere between its neighbours, less often than this."""

_LINE = 1.05
"""So much more than a step may a line tell before a cut is a trend."""

_SURELY = 3.0
"""Neighbours resemble each other if their correlation is above 0 by so many standard errors."""

_SWEEPS = 4
_ROUNDS = 200


class Segmentation:
    """The cuts of one list of numbers. `values` are what is ranked: logarithms where all are positive."""

    def __init__(self, values: Floats, weights: Floats | None = None) -> None:
        self.values = values
        self._weights = weights
        self._scans: dict[tuple[int, int], Scan] = {}
        self._medians: dict[tuple[int, int], float] = {}
        self._places: dict[tuple[int, int, int], Placing] = {}
        self._shrinkage: tuple[list[int], float] = [], 1.0
        self._has_ties = has_ties(values)
        self._last: tuple[tuple[int, int], tuple[Floats, float]] = (0, 0), (values[:0], 0.0)
        self._jumps = Jumps(values, weights)

    def cuts(self) -> list[int]:
        """Each is the first point of a new level, in order."""
        if len(self.values) < 2 * FEWEST:
            return []
        cuts = self._hold(self._split())
        for _ in range(_SWEEPS):
            placed = self._settled(cuts)
            if placed == cuts:
                break
            held = self._hold(placed)
            if held == placed:
                return held
            cuts = held
        return cuts

    def chance(self, begin: int, cut: int, end: int, shrinkage: float) -> float:
        """How likely noise alone makes a cut as clear as that at `cut` between `begin` and `end`.

        `shrinkage` is by how much the statistic shrinks because neighbours resemble each other (1: not at all).
        """
        found = self._scan(begin, end)
        p = 1.0
        if found.line <= _LINE * abs(found.z):
            p = chance(found.z * shrinkage, end - begin)
        if p > HOLD_CHANCE and end - begin <= SHORT:
            window, before = self._trusted(begin, cut, end)
            p = min(p, difference_chance(window, before, shrinkage))
        if p > HOLD_CHANCE and self._jumps.stands_out(cut):
            p = HOLD_CHANCE / 2
        return p

    def shrinkage(self, cuts: list[int]) -> float:
        """By how much rank sums shrink because neighbouring points resemble each other, within the levels.

        √((1 − φ)/(1 + φ)) for the correlation φ of neighbours, less its standard error: 1 for independent noise.
        """
        if cuts and self._shrinkage[0] == cuts:
            return self._shrinkage[1]
        self._shrinkage = list(cuts), self._shrinkage_of(cuts)
        return self._shrinkage[1]

    def _shrinkage_of(self, cuts: list[int]) -> float:
        n = len(self.values)
        bounds = [0, *cuts, n]
        rest = self.values.copy()
        for a, b in pairwise(bounds):
            rest[a:b] -= self.median(a, b)
        # A tie of what is left, broken either way, says nothing of neighbours.
        rest, deviation = scores(rest, may_tie=self._has_ties)
        if deviation <= 0:
            return 1.0
        products = rest[1:] * rest[:-1]
        squares = rest[:-1] * rest[:-1]
        if cuts:
            across = np.asarray(cuts) - 1
            products[across] = 0.0
            squares[across] = 0.0
        phi = float(products.sum()) / max(float(squares.sum()), 1e-300)
        # Each fitted level makes neighbours look less alike than they are (Kendall 1954).
        phi += (len(cuts) + 1) * (1 + 3 * max(phi, 0.0)) / n
        phi = min(max(phi - _SURELY / math.sqrt(n), 0.0), 0.98)
        return math.sqrt((1 - phi) / (1 + phi))

    def median(self, begin: int, end: int) -> float:
        """That of the points from `begin` to before `end`, in what is ranked."""
        key = (begin, end)
        found = self._medians.get(key)
        if found is None:
            found = self._medians[key] = middle(self.values[begin:end])
        return found

    def placing(self, begin: int, cut: int, end: int) -> Placing:
        """Where between `begin` and `end` the level changes that was seen to change at `cut`."""
        key = (begin, cut, end)
        found = self._places.get(key)
        if found is None:
            levels = self.median(begin, cut), self.median(cut, end)
            found = self._places[key] = placing(self.values[begin:end], cut - begin, *levels)
        return found

    def _split(self) -> list[int]:
        found: list[int] = []
        windows = [(0, len(self.values))]
        while windows:
            begin, end = windows.pop()
            inner = [cut for cut in self._inside(begin, end) if min(cut - begin, end - cut) >= FEWEST]
            if inner:
                found += inner
                bounds = [begin, *inner, end]
                windows += list(pairwise(bounds))
        return sorted(found)

    def _inside(self, begin: int, end: int) -> list[int]:
        """Where to cut a window: once, twice around what stands out, or not at all."""
        n = end - begin
        if n < 2 * FEWEST:
            return []
        best = self._scan(begin, end)
        if chance(best.z, n) < SPLIT_CHANCE:
            return [begin + best.place]
        if best is NOTHING:
            return []
        if n <= SHORT:
            cut = begin + largest_step(self.values[begin:end])
            window, before = self._trusted(begin, cut, end)
            if difference_chance(window, before) < HOLD_CHANCE:
                return [cut]
        if n < _EXCURSION_WINDOW:
            return []
        weights = None if self._weights is None else self._weights[begin:end]
        start, stop, p = excursion(*self._scores(begin, end), weights, seldom=EXCURSION_CHANCE)
        return [begin + start, begin + stop] if p < EXCURSION_CHANCE else []

    def _hold(self, cuts: list[int]) -> list[int]:
        """The cuts that hold. In each round those go that hold least among their neighbours."""
        for _ in range(_ROUNDS):
            if not cuts:
                break
            shrinkage = self.shrinkage(cuts)
            bounds = [0, *cuts, len(self.values)]
            chances = [
                (self.chance(a, b, c, shrinkage), -abs(self._scan(a, c).z))
                for a, b, c in zip(bounds, bounds[1:], bounds[2:], strict=False)
            ]
            worst = [(0.0, 0.0), *chances, (0.0, 0.0)]
            kept = [
                cut
                for i, cut in enumerate(cuts, start=1)
                if worst[i][0] <= HOLD_CHANCE or worst[i] < max(worst[i - 1], worst[i + 1])
            ]
            if len(kept) == len(cuts):
                break
            cuts = kept
        return cuts

    def _settled(self, cuts: list[int]) -> list[int]:
        """The cuts where they are most likely, as often as one that moved moves its neighbours."""
        for _ in range(_SWEEPS):
            placed = self._placed(cuts)
            if placed == cuts:
                break
            cuts = placed
        return cuts

    def _placed(self, cuts: list[int]) -> list[int]:
        """Each cut where the noise, taken as Student's t with 3 degrees of freedom, is most likely."""
        placed: list[int] = []
        bounds = [0, *cuts, len(self.values)]
        for a, b, c in zip(bounds, bounds[1:], bounds[2:], strict=False):
            begin = max(a, placed[-1] if placed else 0)
            placed.append(begin + self.placing(begin, b, c).place)
        return placed

    def _trusted(self, begin: int, cut: int, end: int) -> tuple[Floats, int]:
        """The points of a window that count for at least half, and how many of them lie before the cut."""
        window = self.values[begin:end]
        if self._weights is None:
            return window, cut - begin
        counts = self._weights[begin:end] >= 0.5
        return window[counts], int(counts[: cut - begin].sum())

    def _scan(self, begin: int, end: int) -> Scan:
        key = (begin, end)
        found = self._scans.get(key)
        if found is None:
            weights = None if self._weights is None else self._weights[begin:end]
            found = self._scans[key] = scan(*self._scores(begin, end), weights)
        return found

    def _scores(self, begin: int, end: int) -> tuple[Floats, float]:
        """Those of a window; only the last ones are kept, since a long list has many."""
        if self._last[0] != (begin, end):
            self._last = (begin, end), scores(self.values[begin:end], may_tie=self._has_ties)
        return self._last[1]
