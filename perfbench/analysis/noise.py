"""How far apart identical work looks on this machine: what a job must allow for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import quantiles

from perfbench.analysis.comparison import compare
from perfbench.analysis.intervals import median
from perfbench.model import Comparison, Measurement

LEAST_ROUNDS = 3
"""Of fewer rounds one odd round is the median."""


def noise_floor(identical: Sequence[Comparison]) -> float:
    """The relative change (0.008 is 0.8 %) by which identical work seemed to move, the largest of these.

    Whatever moved it was not the code, so nothing smaller is called a change. 0 where nothing was compared.
    """
    moves = [
        abs(math.log(row.ratio))
        for row in identical
        if row.rounds >= LEAST_ROUNDS and 0 < row.ratio < math.inf
    ]
    return math.expm1(max(moves, default=0.0))


def twin_noise(base: Measurement, twin: Measurement) -> float:
    """The noise of a row's own A/A arm: base against its twin, a second worker of base in the same rounds."""
    return noise_floor([compare(base, twin, paired=True)])


def drift(control: Sequence[Measurement]) -> float:
    """How far the machine's own speed moved in a job: 0.8 where its slow times took 1.8 × its fast ones.

    The 90th against the 10th percentile of the medians of the control's runs; 0 where they are too few.
    """
    medians = [median(run.values) for row in control for run in row.runs if run.values]
    if len(medians) < 10 or min(medians) <= 0:
        return 0.0
    tenths = quantiles(medians, n=10)
    return tenths[-1] / tenths[0] - 1.0
