"""Distribution-free intervals: of a median, and of the shift between two samples.

Both rest on order statistics and exact counts alone: no normal distribution is assumed, no random numbers
are drawn, and an outlier is one more value beyond the median, however far out it lies.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, repeat

from perfbench.analysis.differences import differences_at
from perfbench.analysis.normal import normal_quantile

MOST_EXACT_PAIRS = 2500
"""Beyond this many pairs of values the rank-sum counts are taken from their normal approximation."""


MOST_EXACT_SPREAD = 30.0
"""Beyond this standard deviation the binomial counts of a quantile are taken from their normal approximation."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its bounds. `confidence` is the level that they really have."""

    estimate: float
    low: float
    high: float
    confidence: float


def median(values: Sequence[float]) -> float:
    """The middle value; the mean of the two middle ones of an even number. Raises ValueError for none."""
    if not values:
        raise ValueError("the median of nothing")
    return middle(sorted(values))


def middle(ordered: Sequence[float]) -> float:
    """The median of sorted values, of which there is one at least."""
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return ordered[half - 1] + (ordered[half] - ordered[half - 1]) / 2


def median_interval(values: Sequence[float], confidence: float) -> Interval:
    """The median with bounds from the order statistics, interpolated to `confidence`.

    The k-th smallest and k-th largest values enclose the median with an exact binomial probability; between
    two such levels the bounds are interpolated after Hettmansperger and Sheather (1986, Statistics &
    Probability Letters 4). The interpolated level is met by shapes that are dense at their median, as the
    difference of two like draws always is; with a gap there it may fall to that of the inner pair (97.9 %
    for 10 values), never below. Where even the smallest and the largest value fall short of `confidence`,
    they are the bounds and their real level is given.
    """
    ordered = sorted(values)
    depth, inward, level = _median_depth(len(ordered), confidence)
    low = _between(ordered[depth - 1], ordered[min(depth, len(ordered) - 1)], inward)
    high = _between(ordered[-depth], ordered[-min(depth + 1, len(ordered))], inward)
    centre = middle(ordered)
    return Interval(centre, min(low, centre), max(high, centre), level)


def quantile_interval(values: Sequence[float], share: float, confidence: float) -> Interval:
    """The quantile below which `share` of the values lie, with bounds from the order statistics.

    Each bound by itself holds with `confidence`, exactly and whatever the distribution (David and Nagaraja,
    Order Statistics, 7.1). ±∞ stands for a bound that so few values cannot give: `values_needed` says how many
    can. Raises ValueError for none.
    """
    ordered = sorted(values)
    count = len(ordered)
    if not ordered:
        raise ValueError("a quantile of nothing")
    below, above = _quantile_ranks(count, share, confidence)
    return Interval(
        ordered[min(count, math.ceil(count * share)) - 1],
        ordered[below - 1] if below > 0 else -math.inf,
        ordered[above - 1] if above <= count else math.inf,
        confidence,
    )


def values_needed(share: float, confidence: float) -> int:
    """How many values both bounds of a quantile need: 299 for the 99 % quantile at 95 %."""
    rarer = max(share, 1.0 - share)
    return math.ceil(math.log(1.0 - confidence) / math.log(rarer))


def shift_interval(base: Sequence[float], head: Sequence[float], confidence: float) -> Interval:
    """How far `head` lies above `base`: the Hodges–Lehmann shift with Moses' interval.

    The estimate is the median of all differences head − base; the bounds are those between which the
    rank-sum test would not reject (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 4.2–4.3).
    Exact for any sizes, equal or not, where the two sides differ by a shift. Bounds that cannot reach
    `confidence` are the extreme differences, with their real level.
    """
    depth, level = _shift_depth(len(base), len(head), confidence)
    count = len(base) * len(head)
    places = (depth - 1, (count - 1) // 2, count // 2, count - depth)
    low, left, right, high = differences_at(places, base, head)
    return Interval(left + (right - left) / 2, low, high, level)


def sign_test(values: Sequence[float]) -> float:
    """Two-sided exact p that the median of `values` is zero. Zeros say nothing; with none left p is 1."""
    above = sum(value > 0 for value in values)
    below = sum(value < 0 for value in values)
    return min(1.0, 2.0 * sum(_coin(above + below, heads) for heads in range(min(above, below) + 1)))


def rank_sum_test(base: Sequence[float], head: Sequence[float]) -> float:
    """Two-sided p that neither side tends to lie above the other (Mann–Whitney), exact up to 2500 pairs.

    Ties count half for each side, which errs towards a larger p.
    """
    ordered = sorted(base)
    every = repeat(ordered)
    wins = (sum(map(bisect_left, every, head)) + sum(map(bisect_right, every, head))) / 2.0
    pairs = len(base) * len(head)
    fewer = math.ceil(min(wins, pairs - wins))
    return min(1.0, 2.0 * rank_sum_tail(len(base), len(head), fewer))


@lru_cache(maxsize=4096)
def _median_depth(count: int, confidence: float) -> tuple[int, float, float]:
    """(k, how far to go from the k-th value towards the next inner one, the level reached)."""
    if count < 1:
        raise ValueError("an interval of nothing")
    depth, tail = 1, _coin(count, 0)
    level = 1.0 - 2.0 * tail
    if level < confidence:
        return depth, 0.0, max(level, 0.0)
    while 2 * (depth + 1) <= count:
        tail += _coin(count, depth)
        inner_level = 1.0 - 2.0 * tail
        if inner_level < confidence:
            share = (level - confidence) / (level - inner_level)
            return depth, (count - depth) * share / (depth + (count - 2 * depth) * share), confidence
        depth, level = depth + 1, inner_level
    return depth, 0.0, level


@lru_cache(maxsize=4096)
def _quantile_ranks(count: int, share: float, confidence: float) -> tuple[int, int]:
    """The ranks of the bounds: the largest lower, the smallest upper; 0 and count + 1 where there is none."""
    wrong = 1.0 - confidence
    spread = math.sqrt(count * share * (1.0 - share))
    if spread > MOST_EXACT_SPREAD:
        reach = normal_quantile(confidence) * spread + 0.5
        return math.floor(count * share - reach), math.ceil(count * share + reach) + 1
    below, tail = 0, _binomial(count, 0, share)
    while tail <= wrong:  # fewer than `below` + 1 values lie below the quantile
        below += 1
        tail += _binomial(count, below, share)
    above, tail = count + 1, _binomial(count, count, share)
    while tail <= wrong:
        above -= 1
        tail += _binomial(count, above - 1, share)
    return below, above


@lru_cache(maxsize=4096)
def _shift_depth(base: int, head: int, confidence: float) -> tuple[int, float]:
    """(the k with which the k-th smallest and largest differences are the bounds, their level)."""
    tail = (1.0 - confidence) / 2.0
    depth = 1
    while 2 * (depth + 1) <= base * head and rank_sum_tail(base, head, depth) <= tail:
        depth += 1
    return depth, max(0.0, 1.0 - 2.0 * rank_sum_tail(base, head, depth - 1))


def _binomial(count: int, hits: int, share: float) -> float:
    """The probability of exactly `hits` in `count` trials."""
    ways = math.lgamma(count + 1) - math.lgamma(hits + 1) - math.lgamma(count - hits + 1)
    return math.exp(ways + hits * math.log(share) + (count - hits) * math.log1p(-share))


def _coin(count: int, heads: int) -> float:
    """The probability of exactly `heads` heads in `count` throws of a fair coin."""
    if count <= 1000:
        return float(math.comb(count, heads) / 2**count)
    orderings = math.lgamma(count + 1) - math.lgamma(heads + 1) - math.lgamma(count - heads + 1)
    return math.exp(orderings - count * math.log(2.0))


def rank_sum_tail(base: int, head: int, most: int) -> float:
    """P(U ≤ most) where both sides come from the same distribution; U counts the pairs in which base lies above."""
    if base * head > MOST_EXACT_PAIRS:
        spread = math.sqrt(base * head * (base + head + 1) / 12.0)
        return 0.5 * math.erfc((base * head / 2.0 - most - 0.5) / spread / math.sqrt(2.0))
    return _rank_sum_tails(min(base, head), max(base, head))[min(most, base * head)]


@lru_cache(maxsize=256)
def _rank_sum_tails(few: int, many: int) -> tuple[float, ...]:
    """P(U ≤ u) for each u."""
    orderings = math.comb(few + many, few)
    return tuple([total / orderings for total in accumulate(_rank_sum_counts(few, many))])


def _rank_sum_counts(few: int, many: int) -> list[int]:
    """How many orderings have each U: the coefficients of the Gaussian binomial.

    They are worked out as the digits of one great number, each of `width` bytes (Kronecker substitution): to
    shift it by a digit is to multiply the polynomial by x, and all digits are added at once. The upper half
    mirrors the lower one.
    """
    digits = few * many // 2 + 1
    width = math.comb(few + many, few).bit_length() // 8 + 1
    kept = (1 << 8 * width * digits) - 1
    number = 1
    for step in range(1, few + 1):
        number = number - (number << 8 * width * (many + step)) & kept
        reach = step
        while reach < digits:  # 1 / (1 − y) = (1 + y)(1 + y²)(1 + y⁴) …
            number = number + (number << 8 * width * reach) & kept
            reach *= 2
    packed = number.to_bytes(width * digits, "little")
    lower = [
        int.from_bytes(packed[start : start + width], "little") for start in range(0, len(packed), width)
    ]
    return lower + lower[: few * many + 1 - digits][::-1]


def _between(outer: float, inner: float, share: float) -> float:
    return outer if outer == inner else outer + (inner - outer) * share
