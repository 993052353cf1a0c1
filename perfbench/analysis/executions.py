"""Measurements of which each run is one execution of a program, not sampled in turn with the other side's."""

from __future__ import annotations

from dataclasses import replace

from perfbench.analysis.comparison import compare
from perfbench.analysis.intervals import median
from perfbench.analysis.rounds import sound_values
from perfbench.model import Comparison, Measurement


def compare_executions(base: Measurement, head: Measurement) -> Comparison:
    """Compare two measurements whose rounds hold one execution of each side, one after the other.

    Value i of one is no neighbour of value i of the other, so a round's figure is the ratio of the two
    executions' medians.
    """
    return compare(_by_execution(base), _by_execution(head), paired=True)


def are_executions(base: Measurement, head: Measurement) -> bool:
    """Whether these are the two sides of such rounds: samples taken in turn carry their times."""
    runs = (*base.runs, *head.runs)
    alternated = {run.round for run in base.runs} & {run.round for run in head.runs}
    return bool(alternated) and all(run.started > 0 and not run.times for run in runs)


def _by_execution(measurement: Measurement) -> Measurement:
    runs = tuple(
        replace(run, values=(median(values),), times=(), cpu=())
        for run in measurement.runs
        if (values := sound_values(run))
    )
    return replace(measurement, runs=runs)
