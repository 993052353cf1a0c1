"""Stored summaries judged beside the rest of their run, which tells what the two machines did.

Two summaries of one row cannot tell a slower machine from slower code. A whole run can: most of its rows
have not changed, so the median of all moves is the machine's, and the scatter of the moves around it is what
two runs of one code differ by, here and not on some machine in general.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from perfbench.analysis.answers import detectable
from perfbench.analysis.common_mode import LEAST_ROWS
from perfbench.analysis.intervals import Interval, median
from perfbench.analysis.normal import normal_quantile
from perfbench.analysis.summaries import ASSUMED, BETWEEN_RUNS
from perfbench.model import Comparison
from perfbench.units import SECONDS, format_percent, format_ratio

LEAST_SCATTER = 0.01
"""Rows that are summed up too coarsely to scatter differ by this all the same."""

_MIDDLE, _TENTH = 0.75, 0.95  # the shares below the median and the 90th percentile of |x|


def beside_the_rest(rows: Sequence[Comparison]) -> list[Comparison]:
    """The same comparisons, those of summaries of times taken beside one another where there are 8 or more.

    Their ratios are divided by the common move, and the assumed spread between runs gives way to the scatter
    that is seen: by the median and by the 90th percentile of the distances, whichever says more, since
    hosted machines have heavy tails. What the code of all rows shares cannot be told from the machine. All
    other rows stay as they are.
    """
    summed = [place for place, row in enumerate(rows) if _is_of_summaries(row)]
    if len(summed) < LEAST_ROWS:
        return list(rows)
    moves = {place: math.log(rows[place].ratio) for place in summed}
    common = median(list(moves.values()))
    distances = sorted(abs(move - common) for move in moves.values())
    middle, tenth = median(distances), distances[math.ceil(0.9 * len(distances)) - 1]
    scatter = max(middle / normal_quantile(_MIDDLE), tenth / normal_quantile(_TENTH), LEAST_SCATTER)
    return [_beside(row, common, scatter) if place in moves else row for place, row in enumerate(rows)]


def _beside(row: Comparison, common: float, scatter: float) -> Comparison:
    z = normal_quantile(0.5 + row.confidence / 2.0)
    assumed, seen = z * math.sqrt(2.0) * BETWEEN_RUNS, z * scatter
    centre = math.log(row.ratio)
    # The scatter holds the rows' own errors too, so the larger of the two counts, not both.
    down, up = (
        max(math.sqrt(max(0.0, arm * arm - assumed * assumed)), seen)
        for arm in (centre - math.log(row.low), math.log(row.high) - centre)
    )
    centre -= common
    interval = Interval(math.exp(centre), math.exp(centre - down), math.exp(centre + up), row.confidence)
    p = math.erfc(abs(centre) * z / max(down, up) / math.sqrt(2.0))
    moved, scattered = format_ratio(math.exp(common)), format_percent(scatter)
    warning = f"beside the rest of its run, which moved by {moved} and scatters by {scattered}"
    return replace(
        row,
        ratio=interval.estimate,
        low=interval.low,
        high=interval.high,
        p=p,
        p_adjusted=p,
        detectable=detectable(interval),
        warnings=(*(said for said in row.warnings if said != ASSUMED), warning),
    )


def _is_of_summaries(row: Comparison) -> bool:
    return row.metric.unit == SECONDS and ASSUMED in row.warnings and 0 < row.low <= row.high < math.inf
