"""Comparing what files tell of samples that they do not hold.

A summary's own spread is that within one run. On a shared machine the next run of the same code differs by
more than that: by the machine it is given, by its neighbours, by the layout of memory. So a spread between
runs is assumed beside the one that is known, and said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from perfbench.analysis.answers import Answer, exp, no_answer, no_claim
from perfbench.analysis.intervals import Interval, median, median_interval
from perfbench.analysis.normal import normal_quantile
from perfbench.model import Measurement, Metric, Summary
from perfbench.units import BYTES, SECONDS, format_percent

BETWEEN_RUNS = 0.05
"""The standard deviation that two runs of one code are taken to have on a shared machine (0.05 is 5 %).

That of 1,500 pairs of neighbouring asv results from hosted runners is 5.3 %, of as many from one machine of
PHP's 1.5 %. Memory is spared: it does not depend on the machine's speed.
"""

ASSUMED = (
    "stored summaries do not tell how runs of the same code differ: "
    f"a spread of {format_percent(BETWEEN_RUNS)} between them is assumed"
)
"""The warning on every comparison in which that spread stands."""

_MEDIAN_ERROR = math.sqrt(math.pi / 2)  # of a median against a mean, for normal values
_Arms = tuple[float, float]
"""How far the bounds of a centre lie below and above it, in logarithms."""


def compare_summaries(base: Measurement, head: Measurement, confidence: float) -> Answer:
    """The ratio of two centres with an interval from both summaries' own errors and the spread between runs.

    A side that has runs is summed up first. The errors are added in squares on either side (Zou and Donner
    2008, Statistics in Medicine 27), the ratio is taken of medians, of means where there is no median.
    A side of which neither spread nor bounds are known makes no claim. Nothing on both sides, a share of 0
    for instance, without any spread, has not changed.
    """
    sides = _summary(base), _summary(head)
    centres = _centres(*sides)
    if centres is None:
        return no_answer("base and head tell no centre in common", confidence)
    if head.metric.unit != SECONDS and centres == (0.0, 0.0) and all(map(_has_no_spread, sides)):
        return Answer(Interval(1.0, 1.0, 1.0, confidence), 1.0, min(side.count or 0 for side in sides))
    if not all(math.isfinite(centre) and centre > 0 for centre in centres):
        return no_answer("a centre of zero or below: a ratio has no meaning", confidence)
    ratio = centres[1] / centres[0]
    units = min(side.count or 0 for side in sides)
    arms = [own_arms(side, centre, confidence) for side, centre in zip(sides, centres, strict=True)]
    below, above = arms
    if below is None or above is None:
        return no_claim(ratio, "no spread is stored: nothing can be claimed", confidence, units=units)
    if head.metric.unit == BYTES and below == above == (0.0, 0.0):
        return Answer(Interval(ratio, ratio, ratio, confidence), float(ratio == 1.0), units)
    shift = math.log(centres[1]) - math.log(centres[0])
    return _bounded(shift, (below, above), head.metric, confidence, units)


def own_interval(measurement: Measurement, confidence: float) -> Interval:
    """A summary's median, else its mean, with the bounds that it has by itself, in the metric's unit."""
    summary = _summary(measurement)
    centre = summary.median if summary.median is not None else summary.mean
    if centre is None or not math.isfinite(centre):
        return Interval(math.nan, math.nan, math.nan, confidence)
    arms = own_arms(summary, centre, confidence) if centre > 0 else None
    if arms is None:
        return Interval(centre, -math.inf, math.inf, confidence)
    return Interval(centre, centre * exp(-arms[0]), centre * exp(arms[1]), confidence)


def own_arms(summary: Summary, centre: float, confidence: float) -> _Arms | None:
    """The arms of a positive centre at level `confidence`, by the best that the summary tells; None for nothing.

    That is its bounds; else its standard deviation, its quartiles or its extremes, with its count.
    """
    wanted = _z(confidence)
    if summary.low is not None and summary.high is not None and summary.low <= summary.high < math.inf:
        scale = wanted / _z(summary.confidence)
        above = math.log(max(summary.high, centre) / centre) * scale
        return (math.log(centre / summary.low) * scale if 0 < summary.low <= centre else above), above
    spread = _spread(summary)
    if spread is None or summary.count is None:
        return None
    error = spread / math.sqrt(summary.count) / centre
    if summary.median is not None:
        error *= _MEDIAN_ERROR
    return wanted * error, wanted * error


def _bounded(shift: float, arms: Sequence[_Arms], metric: Metric, confidence: float, units: int) -> Answer:
    base, head = arms
    between = 0.0 if metric.unit == BYTES else _z(confidence) * math.sqrt(2.0) * BETWEEN_RUNS
    down, up = math.hypot(head[0], base[1], between), math.hypot(head[1], base[0], between)
    interval = Interval(exp(shift), exp(shift - down), exp(shift + up), confidence)
    error = max(down, up) / _z(confidence)
    p = math.erfc(abs(shift) / error / math.sqrt(2.0)) if error else float(shift == 0.0)
    if not between:
        return Answer(interval, p, units)
    return Answer(interval, p, units, (ASSUMED,))


def _spread(summary: Summary) -> float | None:
    """The standard deviation of the samples, known or as their quartiles or extremes show it."""
    if summary.count is None or summary.count < 2:
        return None
    spread = summary.stddev
    if spread is None and summary.q25 is not None and summary.q75 is not None:
        spread = (summary.q75 - summary.q25) / (2 * normal_quantile(0.75))
    if spread is None and summary.minimum is not None and summary.maximum is not None:
        # The expected extremes of so many normal values (Blom 1958).
        count = min(summary.count, 10**9)
        extreme = normal_quantile((count - 0.375) / (count + 0.25))
        spread = (summary.maximum - summary.minimum) / (2.0 * extreme)
    return spread if spread is not None and math.isfinite(spread) and spread >= 0 else None


def _has_no_spread(summary: Summary) -> bool:
    """Whether all of its samples are known to be the same."""
    return _spread(summary) == 0.0 or (summary.low is not None and summary.low == summary.high)


def _centres(base: Summary, head: Summary) -> tuple[float, float] | None:
    for left, right in ((base.median, head.median), (base.mean, head.mean)):
        if left is not None and right is not None:
            return left, right
    return None


def _summary(measurement: Measurement) -> Summary:
    """A measurement's own summary, or that of the medians of its runs, or of the samples of its only run."""
    if measurement.summary is not None and not measurement.runs:
        return measurement.summary
    runs = [sound for run in measurement.runs if (sound := [v for v in run.values if math.isfinite(v)])]
    values = runs[0] if len(runs) == 1 else [median(run) for run in runs]
    if not values:
        return Summary()
    mean = sum(values) / len(values)
    stored = Summary(
        median=median(values), mean=mean, count=len(values), minimum=min(values), maximum=max(values)
    )
    bounds = median_interval(values, 0.99)
    if bounds.confidence < 0.5:  # one value, or two
        return stored
    return Summary(
        median=bounds.estimate,
        mean=mean,
        count=len(values),
        low=bounds.low,
        high=bounds.high,
        confidence=bounds.confidence,
    )


def _z(confidence: float) -> float:
    return normal_quantile(0.5 + min(max(confidence, 0.01), 1 - 1e-9) / 2.0)
