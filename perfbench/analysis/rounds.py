"""Which runs of base and head belong together, and the one figure that each round gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from perfbench.analysis.intervals import median
from perfbench.model import Measurement, Run

Samples = tuple[tuple[float, ...], tuple[float, ...]]
"""One round: the samples of base and, value by value their neighbours, those of head."""


def side_by_side(base: Measurement, head: Measurement) -> bool:
    """Whether both were sampled in turn, as far as rounds, counts and clocks tell.

    Needs rounds in common with one run each, as many samples on both sides, and recorded starts whose spans
    overlap: a stored baseline counts its rounds from 0 as well, but was taken at another time.
    """
    if not base.runs or not head.runs or not _overlap(base.runs, head.runs):
        return False
    rounds = [run.round for run in base.runs], [run.round for run in head.runs]
    if any(len(set(numbers)) < len(numbers) for numbers in rounds):
        return False
    pairs = _pairs(base, head)
    return bool(pairs) and all(len(left.values) == len(right.values) for left, right in pairs)


def paired_rounds(base: Measurement, head: Measurement) -> list[Samples]:
    """The rounds that both sides have, in order, without pairs in which a value is no finite number."""
    rounds = []
    for left, right in _pairs(base, head):
        neighbours = zip(left.values, right.values, strict=False)
        sound = [pair for pair in neighbours if math.isfinite(pair[0]) and math.isfinite(pair[1])]
        if sound:
            rounds.append((tuple(pair[0] for pair in sound), tuple(pair[1] for pair in sound)))
    return rounds


def round_figure(samples: Samples, change: Callable[[float, float], float]) -> float:
    """The midmean of the changes between neighbours: the figure that a round puts into the statistic.

    The midmean is the mean of the middle half (the interquartile mean): what a neighbour of the machine's
    does to a quarter of the samples on either side leaves no trace, and the rest is averaged, which takes
    out more of what is left than the median does.
    """
    return midmean([change(left, right) for left, right in zip(*samples, strict=True)])


def midmean(values: Sequence[float]) -> float:
    """The mean of the middle half; of three values or fewer the median. Raises ValueError for none."""
    if len(values) < 4:
        return median(values)
    ordered, cut = sorted(values), len(values) // 4
    return math.fsum(ordered[cut:-cut]) / (len(ordered) - 2 * cut)


def log_ratio(base: float, head: float) -> float:
    """log(head/base) of two positive values."""
    ratio = head / base
    return math.log(ratio) if 0 < ratio < math.inf else math.log(head) - math.log(base)


def difference(base: float, head: float) -> float:
    """head − base, where a ratio has no meaning."""
    return head - base


def sound_values(run: Run) -> tuple[float, ...]:
    """The finite samples of a run."""
    return tuple(value for value in run.values if math.isfinite(value))


def _pairs(base: Measurement, head: Measurement) -> list[tuple[Run, Run]]:
    partner = {run.round: run for run in head.runs}
    pairs = [(run, partner[run.round]) for run in base.runs if run.round in partner]
    return sorted(pairs, key=lambda pair: pair[0].round)


def _overlap(base: Sequence[Run], head: Sequence[Run]) -> bool:
    left, right = _span(base), _span(head)
    return left[0] > 0 and right[0] > 0 and left[0] <= right[1] and right[0] <= left[1]


def _span(runs: Sequence[Run]) -> tuple[float, float]:
    """First start and last known sign of life, in seconds since the epoch; starts of 0 are unknown."""
    return (
        min([run.started for run in runs]),
        max([run.started + run.times[-1] if run.times else run.started for run in runs]),
    )
