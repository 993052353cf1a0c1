"""How far apart identical work looks on this machine: what a job must allow for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from perfbench.analysis.comparison import compare
from perfbench.analysis.intervals import median
from perfbench.model import Comparison, Measurement

TWIN_CONFIDENCE = 0.9
"""Low, for a narrow interval claims a difference early: what is allowed for it errs towards too much."""


def noise_floor(control: Comparison) -> float:
    """The relative change (0.008 is 0.8 %) by which the control, identical work on both sides, seemed to move.

    Whatever moved it was not the code, so no time that moved less is called changed. 0 where it has no ratio.
    """
    return math.expm1(abs(math.log(control.ratio))) if 0 < control.ratio < math.inf else 0.0


def twin_noise(base: Measurement, twin: Measurement) -> float:
    """What a row's own A/A arm has shown: base against its twin, a second worker of base in the same rounds.

    It is the smallest limit at which the two would not be called different: the distance from 1 to the near
    end of their interval, 0 where that holds 1. Rounds of a row that moves by a tenth from one to the next
    would otherwise be taken for a limit that nothing could ever exceed.
    """
    row = compare(base, twin, confidence=TWIN_CONFIDENCE, paired=True)
    return max(row.low - 1.0, 1.0 / row.high - 1.0, 0.0) if 0 < row.low <= row.high < math.inf else 0.0


def with_twin(row: Comparison, base: Measurement, twin: Measurement | None) -> Comparison:
    """The comparison, with what its A/A arm has shown where it had one."""
    return row if twin is None else replace(row, noise=twin_noise(base, twin), noise_source="A/A arm")


def drift(control: Sequence[Measurement]) -> float:
    """How far the machine's own speed moved in a job: 0.8 where its slow times took 1.8 × its fast ones.

    The 90th against the 10th percentile of the medians of the control's runs; 0 where they are too few.
    """
    medians = [median(run.values) for row in control for run in row.runs if run.values]
    if len(medians) < 10 or min(medians) <= 0:
        return 0.0
    from statistics import quantiles  # noqa: PLC0415  (3 ms, and stored files ask for none)

    tenths = quantiles(medians, n=10)
    return tenths[-1] / tenths[0] - 1.0
