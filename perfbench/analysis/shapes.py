"""Shapes of samples that a median and its interval do not show: two modes, heavy tails."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from operator import mul, truediv

from perfbench.analysis.intervals import median, middle
from perfbench.units import format_percent

LEAST_VALUES = 20
"""Of fewer values no shape is told."""

MODES_APART = 6.0
"""Ashman's D from which two modes are told.

Of 20 draws from one uniform distribution, the least favourable shape with a single mode, 1 in 100 reaches it,
of more draws fewer.
"""

LEAST_MODE = 0.2
"""The smaller mode holds at least this part of the values; fewer are outliers."""

FAR_OUT = 3.5
"""The modified z-score beyond which a value is an outlier (Iglewicz and Hoaglin 1993)."""

LEAST_DISTANCE = 0.05
"""An outlier lies this far from the median as well (0.05 is 5 %), and two modes a fifth of that apart.

What lies closer matters to nobody.
"""

HEAVY = 0.1
"""The part of the values that must lie far out for tails to be heavy; of a normal distribution 1 in 2,000 does."""

_NEAR = LEAST_DISTANCE * 0.999  # no outlier lies nearer, rounding included
_MOST_VALUES = 2000


def shape_warnings(name: str, logs: Sequence[float]) -> tuple[str, ...]:
    """What is odd about the shape of one side's samples, in words; `logs` are their logarithms.

    Neither shape invalidates an interval of medians, but both say what to do next: two modes ask for more
    processes, heavy tails for a quieter machine.
    """
    values = sorted(logs[:: -(-len(logs) // _MOST_VALUES)] if len(logs) > _MOST_VALUES else logs)
    if len(values) < LEAST_VALUES:
        return ()
    if modes := two_modes(values):
        share, apart = modes
        return (
            f"{name} has two modes, {format_percent(math.expm1(apart))} apart, {format_percent(share)} of it in "
            "the slower or greater: its median may fall in either; take more processes",
        )
    if share := far_out(values):
        return (
            f"{name} has heavy tails: {format_percent(share)} of it lies far out, which medians bear and means do not",
        )
    return ()


def two_modes(ordered: Sequence[float]) -> tuple[float, float] | None:
    """(The share of the upper mode, the distance of the modes' means) of sorted values; None for one mode.

    The values are split where the two parts vary least (Otsu 1979, Jenks 1967) and are two modes where the
    means of the parts lie `MODES_APART` of their standard deviations apart (Ashman, Bird and Zepf 1994, D).
    """
    count = len(ordered)
    least = max(2, math.ceil(LEAST_MODE * count))
    mean = math.fsum(ordered) / count
    deviations = [value - mean for value in ordered]
    sums = list(accumulate(deviations))[least - 1 : count - least]
    # What lies between the parts is greatest where what lies within them is least.
    between = list(map(truediv, map(mul, sums, sums), _products(count, least)))
    most = max(between)
    size = least + between.index(most)
    if _is_spread(size, count, most, sum(map(mul, deviations, deviations))):
        return None
    lower, upper = ordered[:size], ordered[size:]
    (low, low_variance), (high, high_variance) = _moments(lower), _moments(upper)
    apart, spread = high - low, math.sqrt((low_variance + high_variance) / 2.0)
    is_apart = apart > max(MODES_APART * spread, LEAST_DISTANCE / 5.0)
    return (len(upper) / count, apart) if is_apart else None


def _is_spread(size: int, count: int, between: float, squares: float) -> bool:
    """Whether two parts vary too much to be modes, told from all values' sum of `squares` about their mean.

    Of that, `count` × `between` lies between the parts; what is left lies within them, so their variances add
    up to what is left by the larger part's size, or to more.
    """
    left = (squares - count * between) / max(size, count - size)
    apart = count * count * between / (size * (count - size))  # the squared distance of the parts' means
    return apart < 0.999 * MODES_APART**2 * left / 2.0


@lru_cache(maxsize=64)
def _products(count: int, least: int) -> tuple[int, ...]:
    """The sizes of both parts multiplied, for each place where `count` values can be split."""
    return tuple(size * (count - size) for size in range(least, count - least + 1))


def far_out(ordered: Sequence[float]) -> float:
    """The share of sorted logarithms that are outliers, where they make the tails heavy; else 0."""
    count, centre = len(ordered), middle(ordered)
    below = bisect_left(ordered, centre + math.log1p(-_NEAR))
    above = count - bisect_right(ordered, centre + math.log1p(_NEAR))
    if (below + above) / count < HEAVY:
        return 0.0
    distances = [abs(math.expm1(min(value - centre, 700.0))) for value in ordered]
    least = max(FAR_OUT * median(distances) / 0.6745, LEAST_DISTANCE)
    share = sum(distance > least for distance in distances) / count
    return share if share >= HEAVY else 0.0


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and variance; the standard library's take ten times as long."""
    mean = math.fsum(values) / len(values)
    apart = [value - mean for value in values]
    return mean, math.fsum(map(mul, apart, apart)) / len(values)
