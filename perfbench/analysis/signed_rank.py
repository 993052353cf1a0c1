"""Where symmetric values are centred: Wilcoxon's signed-rank test and the interval that inverts it.

The difference of two like draws is symmetric about its centre, which is all that this asks of the figures of
rounds (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3.1–3.3). No random numbers are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from perfbench.analysis.intervals import Interval, middle

MOST_EXACT = 64
"""Beyond this many values the counts are taken from their normal approximation."""


def signed_rank_interval(values: Sequence[float], confidence: float) -> Interval:
    """The centre of `values` (Hodges–Lehmann: the median of the means of all pairs) with Tukey's interval.

    The bounds are those between which the signed-rank test would not reject, at `confidence` or the next
    higher level that counts allow; where even the widest falls short, that one, with its real level.
    Raises ValueError for none.
    """
    means = sorted((one + other) / 2.0 for place, one in enumerate(values) for other in values[: place + 1])
    depth, level = _depth(len(values), confidence)
    return Interval(middle(means), means[depth - 1], means[-depth], level)


def signed_rank_test(values: Sequence[float]) -> float:
    """Two-sided p that `values` are symmetric about zero."""
    return min(1.0, 2.0 * min(signed_rank_p(values), signed_rank_p([-value for value in values])))


def signed_rank_p(values: Sequence[float]) -> float:
    """One-sided exact p that `values` are symmetric about zero or below: Wilcoxon's signed-rank test.

    Zeros count as below, and of equal sizes those below get the higher ranks, so ties err towards a larger p.
    """
    ordered = sorted(values, key=lambda value: (abs(value), value <= 0))
    above = sum(rank for rank, value in enumerate(ordered, start=1) if value > 0)
    return _signed_rank_tail(len(ordered), len(ordered) * (len(ordered) + 1) // 2 - above)


@lru_cache(maxsize=1024)
def _depth(count: int, confidence: float) -> tuple[int, float]:
    """(the k with which the k-th smallest and largest means of pairs are the bounds, their level)."""
    if count < 1:
        raise ValueError("an interval of nothing")
    tail = (1.0 - confidence) / 2.0
    depth = 1
    while 2 * (depth + 1) <= count * (count + 1) // 2 and _signed_rank_tail(count, depth) <= tail:
        depth += 1
    return depth, max(0.0, 1.0 - 2.0 * _signed_rank_tail(count, depth - 1))


def _signed_rank_tail(count: int, most: int) -> float:
    """P(W ≤ most), W the sum of the ranks below zero of `count` symmetric values."""
    if count > MOST_EXACT:
        mean, spread = count * (count + 1) / 4.0, math.sqrt(count * (count + 1) * (2 * count + 1) / 24.0)
        return 0.5 * math.erfc((mean - most - 0.5) / spread / math.sqrt(2.0))
    return _signed_rank_tails(count)[most]


@lru_cache(maxsize=256)
def _signed_rank_tails(count: int) -> tuple[float, ...]:
    """P(W ≤ w) for each w, by counting the subsets of the ranks 1 … count with each sum."""
    ways = [1] + [0] * (count * (count + 1) // 2)
    for rank in range(1, count + 1):
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    tails, so_far = [], 0
    for number in ways:
        so_far += number
        tails.append(so_far / 2**count)
    return tuple(tails)
