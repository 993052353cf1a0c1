"""How sure it is that a row lies beyond its limit: one-sided tests on what a comparison rests on."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import repeat

from perfbench.analysis.intervals import rank_sum_tail
from perfbench.analysis.normal import normal_quantile
from perfbench.analysis.signed_rank import signed_rank_p
from perfbench.model import Comparison


def p_above(row: Comparison, share: float) -> float:
    """One-sided p that the true ratio is 1 + `share` or less (0.05 is 5 %).

    Of rounds it is the exact signed-rank test of their figures against the limit (Wilcoxon 1945; the
    difference of two like draws is symmetric about its centre, which is all that it asks for), of units on
    either side the exact rank-sum test. What has no such evidence, a summary for instance, is taken for a
    normal estimate with the error that its interval tells. NaN where there is no ratio.
    """
    return _p(row, math.log1p(share), 1.0)


def p_below(row: Comparison, share: float) -> float:
    """One-sided p that the true ratio is 1 / (1 + `share`) or more."""
    return _p(row, math.log1p(share), -1.0)


def _p(row: Comparison, limit: float, sign: float) -> float:
    if math.isnan(row.ratio):
        return math.nan
    if row.low == row.high:
        return 0.0 if sign * _log(row.ratio) > limit else 1.0
    if len(row.evidence) == 1:
        return signed_rank_p([sign * figure - limit for figure in row.evidence[0]])
    if len(row.evidence) == 2:
        base, head = row.evidence
        return _rank_sum_p([sign * unit + limit for unit in base], [sign * unit for unit in head])
    return _normal_p(row, limit, sign)


def _rank_sum_p(base: Sequence[float], head: Sequence[float]) -> float:
    """One-sided p that `head` does not tend to lie above `base`; ties count as not above."""
    ordered = sorted(head)
    not_above = sum(map(bisect_right, repeat(ordered), base))
    return rank_sum_tail(len(base), len(head), not_above)


def _normal_p(row: Comparison, limit: float, sign: float) -> float:
    near = row.low if sign > 0 else row.high
    if not 0 < near < math.inf or not 0 < row.ratio < math.inf:
        return 1.0
    arm = abs(_log(row.ratio) - _log(near)) / normal_quantile(0.5 + row.confidence / 2.0)
    distance = sign * _log(row.ratio) - limit
    if arm == 0.0:
        return 0.0 if distance > 0 else 1.0
    return 0.5 * math.erfc(distance / arm / math.sqrt(2.0))


def _log(ratio: float) -> float:
    return math.log(ratio) if 0 < ratio < math.inf else math.copysign(math.inf, ratio - 1.0)
