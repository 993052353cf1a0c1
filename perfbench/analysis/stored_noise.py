"""How far a row moves from one stored run to the next, though nothing has changed.

The spread within a run says nothing of it: another night has other neighbours, another layout of memory
and another clock speed. What a row did from night to night before is the only witness.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from perfbench.analysis.intervals import median
from perfbench.analysis.tails import quantile_of
from perfbench.model import BenchmarkId, Better, Comparison
from perfbench.units import SECONDS, format_percent

LEAST_RUNS = 6
"""With fewer stored runs the noise between them is not known."""

DEFAULT_ALLOWANCE = 0.05
"""What is allowed for it in times where it is not known (docs/decisions/0004-stored-baselines.md)."""

_REACH = 3.0  # Shewhart's three standard deviations
_ENDS = 3  # runs at either end of a series
_NORMAL_MEDIAN, _NORMAL_QUARTILE = 0.6745, 1.1503  # of |x| for a standard normal x


@dataclass(frozen=True, slots=True)
class RowNoise:
    """The noise between a row's stored runs, of which there are `runs`.

    `spread` is the standard deviation of the move from one run to the next, as a relative change (0.01 is
    1 %); None where the runs are too few to tell.
    """

    spread: float | None
    runs: int

    def limit(self, unit: str) -> float:
        """The relative change of a row in `unit` that noise between runs may make."""
        if self.spread is not None:
            return math.expm1(min(_REACH * self.spread, 700.0))
        return DEFAULT_ALLOWANCE if unit == SECONDS else 0.0

    @property
    def words(self) -> str:
        """What the limit rests on."""
        if self.spread is None:
            return f"default allowance, {self.runs} of {LEAST_RUNS} stored runs"
        return f"night-to-night noise of {self.runs} stored runs"

    @property
    def short_words(self) -> str:
        """The spread and the runs for a list: `± 0.8 % in 12 runs`."""
        if self.spread is None:
            return f"{self.runs} of {LEAST_RUNS} stored runs"
        return f"± {format_percent(self.spread)} in {self.runs} stored runs"


NoiseByRow = Mapping[tuple[BenchmarkId, str], RowNoise]
"""The noise of each row, by benchmark and metric."""


def with_noise(comparisons: Sequence[Comparison], noise: NoiseByRow) -> list[Comparison]:
    """The comparisons with what noise between stored runs may make, where that is more than they know of.

    A tail (p99), of which a history tells nothing, moves at least as much as the centre of its row.
    """
    return [_with_noise(row, _known(row, noise)) for row in comparisons]


def _known(row: Comparison, noise: NoiseByRow) -> RowNoise | None:
    own = noise.get((row.benchmark, row.metric.name))
    if own is None and quantile_of(row.metric.name) is not None:
        own = noise.get((row.benchmark, "time")) or noise.get((row.benchmark, "track"))
    return own


def _with_noise(row: Comparison, noise: RowNoise | None) -> Comparison:
    share = noise.limit(row.metric.unit) if noise is not None else 0.0
    if noise is None or share <= row.noise:
        return row
    return replace(row, noise=share, noise_source=noise.words)


def row_noise(medians: Sequence[float]) -> RowNoise:
    """The noise of a row with these medians, the oldest first; those that are not positive are left out.

    It is taken from the moving ranges, the distances between neighbours, on logs, as on a chart for
    individual values (Shewhart; Wheeler and Chambers, Understanding Statistical Process Control): a drift
    or a step that was once accepted moves one distance and not the rest. The larger one of their median and
    their upper quartile, each as a standard deviation, stands for them, so that neither a rare step nor a
    row that mostly stands still and sometimes leaps is taken for what it is not.
    """
    logs = [math.log(value) for value in medians if 0 < value < math.inf]
    if len(logs) < LEAST_RUNS:
        return RowNoise(None, len(logs))
    ranges = sorted(abs(after - before) for before, after in pairwise(logs))
    quartile = ranges[math.ceil(0.75 * len(ranges)) - 1]
    spread = max(median(ranges) / _NORMAL_MEDIAN, quartile / _NORMAL_QUARTILE)
    return RowNoise(spread, len(logs))


def creep(medians: Sequence[float], better: Better) -> float:
    """How much worse a row has become over its stored runs (0.05 is 5 %), the oldest first; 0 for too few.

    The middle of the last three against that of the first three: many steps, each too small for the limit, add
    up to a regression that no single promotion shows.
    """
    if better is Better.NONE or len(medians) < LEAST_RUNS or min(medians) <= 0:
        return 0.0
    first, last = median(medians[:_ENDS]), median(medians[-_ENDS:])
    return (first / last if better is Better.HIGHER else last / first) - 1.0
