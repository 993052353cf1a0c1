"""Tail metrics: p95, p99 and the like of one row's samples, where a threshold or budget asks for them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from perfbench.analysis.answers import Answer, detectable, no_answer, no_claim
from perfbench.analysis.intervals import Interval, quantile_interval, values_needed
from perfbench.analysis.normal import normal_quantile
from perfbench.analysis.patterns import fits
from perfbench.analysis.rounds import sound_values
from perfbench.model import Budget, Comparison, Measurement, Metric, Threshold
from perfbench.units import SECONDS

TAIL_CONFIDENCE = 0.95
"""Of each side's bound by itself."""

_NAME = re.compile(r"p(\d{1,2}(?:\.\d{1,4})?)")
_MOST_TAILS = 10


def quantile_of(metric: str) -> float | None:
    """`p99` is 0.99 and `p99.9` 0.999; None for a metric that is no tail."""
    match = _NAME.fullmatch(metric)
    share = float(match[1]) / 100.0 if match else 0.0
    return share or None


def tail_comparisons(
    base: Measurement, head: Measurement, thresholds: Sequence[Threshold], budgets: Sequence[Budget]
) -> list[Comparison]:
    """A comparison for each tail of this row that a threshold or budget names, in the order of their names.

    Only times have tails, and only those whose samples are there: a summary gives a comparison without a ratio.
    """
    if head.metric.unit != SECONDS or quantile_of(head.metric.name) is not None:
        return []
    rules: list[Threshold | Budget] = [*thresholds, *budgets]
    names = {rule.metric for rule in rules if quantile_of(rule.metric) and fits(rule.pattern, head.benchmark)}
    asked = sorted(names, key=lambda name: quantile_of(name) or 0.0)[:_MOST_TAILS]
    return [compare_tails(base, head, name) for name in asked]


def compare_tails(base: Measurement, head: Measurement, name: str) -> Comparison:
    """Compare the quantile `name` (`p99`) of all samples of either side.

    Each side's quantile has bounds from order statistics, each of which holds with 95 % by itself. The ratio
    lies between head's lower bound over base's upper one and the reverse: such a bound holds wherever both of
    its parts do, so with at least 0.95² = 90 %, whatever the distributions; where the two errors are about
    alike, with 99 %. Too few samples (a p99 needs 299 on each side) make no claim and say how many it takes.

    Samples count one by one here, since a process has too few of them for a tail of its own. Raises ValueError
    for a name that is no tail.
    """
    share = quantile_of(name)
    if share is None:
        raise ValueError(f"{name!r} is no tail metric; write it as p95 or p99.9")
    metric = replace(head.metric, name=name)
    sides = _samples(base), _samples(head)
    if base.metric.unit != head.metric.unit or not all(sides):
        nan = Interval(math.nan, math.nan, math.nan, TAIL_CONFIDENCE)
        answer = no_answer(f"{name} needs the samples of both sides, in one unit", TAIL_CONFIDENCE**2)
        return _comparison(head, metric, answer, (nan, nan))
    before, after = (quantile_interval(values, share, TAIL_CONFIDENCE) for values in sides)
    return _comparison(
        head, metric, _answer(name, share, before, after, min(map(len, sides))), (before, after)
    )


def _answer(name: str, share: float, base: Interval, head: Interval, count: int) -> Answer:
    level = TAIL_CONFIDENCE**2
    if base.estimate <= 0 or head.estimate <= 0:
        return no_answer("a quantile of zero or below: a ratio has no meaning", level)
    ratio = head.estimate / base.estimate
    needed = values_needed(share, TAIL_CONFIDENCE)
    if count < needed:
        return no_claim(
            ratio, f"{name} needs {needed} samples on each side; there are {count}", level, units=count
        )
    if base.low <= 0 or head.low <= 0:
        return no_claim(ratio, f"the bounds of {name} reach down to zero", level, units=count)
    interval = Interval(ratio, head.low / base.high, head.high / base.low, level)
    warning = f"{name} takes every sample for itself: what runs have in common is not in the interval"
    return Answer(interval, _p(interval), count, (warning,))


def _p(interval: Interval) -> float:
    """Two-sided, of no change at all: as if both sides' quantiles were normal in logarithms, with errors alike.

    The interval's arm is then the sum of two arms of `TAIL_CONFIDENCE`, and √2 as long as that of the ratio.
    """
    distance = abs(math.log(interval.estimate))
    near = interval.low if interval.estimate > 1.0 else interval.high
    arm = abs(math.log(interval.estimate) - math.log(near))
    if not arm:
        return float(distance == 0.0)
    return math.erfc(normal_quantile(TAIL_CONFIDENCE) * distance / arm)


def _comparison(
    head: Measurement, metric: Metric, answer: Answer, sides: tuple[Interval, Interval]
) -> Comparison:
    interval, (before, after) = answer.interval, sides
    return Comparison(
        benchmark=head.benchmark,
        metric=metric,
        base=before.estimate,
        head=after.estimate,
        ratio=interval.estimate,
        low=interval.low,
        high=interval.high,
        confidence=interval.confidence,
        head_low=after.low,
        head_high=after.high,
        p=answer.p,
        p_adjusted=answer.p,
        detectable=detectable(interval),
        rounds=answer.units,
        paired=False,
        warnings=answer.warnings,
    )


def _samples(measurement: Measurement) -> list[float]:
    return [value for run in measurement.runs for value in sound_values(run)]
