"""Head against base: the ratio, its interval, and what they do not say.

Why these statistics and no others: docs/decisions/0001-statistic.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from perfbench.analysis.answers import Answer, detectable, exp, no_answer
from perfbench.analysis.intervals import (
    Interval,
    median,
    median_interval,
    rank_sum_test,
    shift_interval,
)
from perfbench.analysis.rounds import (
    Samples,
    difference,
    log_ratio,
    paired_rounds,
    round_figure,
    side_by_side,
    sound_values,
)
from perfbench.analysis.shapes import shape_warnings
from perfbench.analysis.signed_rank import signed_rank_interval, signed_rank_test
from perfbench.analysis.summaries import compare_summaries, own_interval
from perfbench.model import Comparison, Measurement, Metric
from perfbench.units import SECONDS

CONFIDENCE = 0.95
"""Of the interval of a ratio; a change is named only where the whole family's error allows it as well."""

OWN_CONFIDENCE = 0.99
"""Of the bounds of one side's own median, which budgets look at."""

LEAST_CONFIDENCE = 0.95
"""An interval whose real level is lower makes no claim: fewer than 6 rounds, or than 4 runs on each side."""

EXACT_RUNS = 2
"""Processes that must agree to the last digit before a value is taken as a constant.

Constant times are taken so only where both sides have the same one; different ones may be a coarse clock.
"""

_MOST_ROUNDS = 1000  # their pairs are all looked at
_MOST_UNITS = 200  # runs on a side; their pairs are all looked at
_MOST_BLOCKS = 50  # stretches of a single process

Runs = Sequence[Sequence[float]]
"""The finite samples of each run that has any."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What a statistic is asked.

    `middles` are the medians of base's runs and of head's; `rounds` is empty where the sides are not paired.
    """

    metric: Metric
    base: Runs
    head: Runs
    middles: tuple[Sequence[float], Sequence[float]]
    rounds: Sequence[Samples]
    confidence: float


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where changes are taken (`change` of base and head), and the way back to a ratio."""

    change: Callable[[float, float], float]
    single: Callable[[float], float]
    as_ratio: Callable[[float], float]


def compare(
    base: Measurement, head: Measurement, *, confidence: float | None = None, paired: bool | None = None
) -> Comparison:
    """Compare two measurements of one row.

    `paired` says whether the two were sampled in turn; None finds out from their rounds, counts and clocks.
    Paired, the unit of inference is the round: its figure is the midmean log-ratio of neighbouring samples;
    the estimate is the Hodges–Lehmann centre of the figures, the interval that of the signed-rank test, as
    p is. Unpaired, it is the process: Hodges–Lehmann shift of the logs of the runs' medians with Moses'
    interval, p the rank-sum test. A side that has a summary and no runs is compared by summaries (`compare_summaries`).
    `confidence` None is 95 %.

    Too few rounds or runs for a level of 95 % give the interval (0, ∞). Values of zero or below are compared
    by their difference in units of base's median, and give NaN where a median is not positive. A count or
    size that is constant on each side gives an exact ratio. Every such turn leaves a warning.

    `detectable` is the distance from the estimate to the further bound of the interval, as a relative
    change: a true change of that size would have moved the interval off 1.
    """
    summarised = any(_is_summarised(side) for side in (base, head))
    if paired is None:
        paired = not summarised and side_by_side(base, head)
    rounds = paired_rounds(base, head) if paired and not summarised else []
    base_runs, head_runs = _runs(base), _runs(head)
    middles = [median(run) for run in base_runs], [median(run) for run in head_runs]
    level = confidence or CONFIDENCE
    if base.metric.unit != head.metric.unit:
        answer = no_answer(f"base is in {base.metric.unit}, head in {head.metric.unit}", level)
    elif summarised:
        answer = compare_summaries(base, head, level)
    else:
        answer = _answer(_Question(head.metric, base_runs, head_runs, middles, rounds, level))
    interval = answer.interval
    before = _own(base, base_runs, middles[0], OWN_CONFIDENCE)
    own = _own(head, head_runs, middles[1], confidence or OWN_CONFIDENCE)
    return Comparison(
        benchmark=head.benchmark,
        metric=head.metric,
        base=before.estimate,
        head=own.estimate,
        ratio=interval.estimate,
        low=interval.low,
        high=interval.high,
        confidence=interval.confidence,
        head_low=own.low,
        head_high=own.high,
        p=answer.p,
        p_adjusted=answer.p,
        detectable=detectable(interval),
        rounds=answer.units,
        paired=bool(rounds),
        warnings=(*_lost(base, head, rounds, [*base_runs, *head_runs]), *answer.warnings),
        evidence=answer.evidence,
    )


def own_median(measurement: Measurement, *, confidence: float = OWN_CONFIDENCE) -> Interval:
    """The median over a measurement's runs with its interval, in the metric's unit.

    NaN without a usable value; bounds (−∞, ∞) where the runs are too few for a level of 95 %.
    """
    runs = _runs(measurement)
    return _own(measurement, runs, [median(run) for run in runs], confidence)


def _answer(question: _Question) -> Answer:
    """Choose the statistic by what the values are."""
    base, head = question.base, question.head
    if not base or not head:
        without = " and ".join(name for name, runs in (("base", base), ("head", head)) if not runs)
        return no_answer(f"no usable value on {without}", question.confidence)
    alike = base[0][0] == head[0][0]
    if _is_constant(base) and _is_constant(head) and (alike or question.metric.unit != SECONDS):
        return _exact(question)
    if question.metric.unit != SECONDS and not any(map(any, (*base, *head))):
        return _exact(question)  # nothing on either side, be it in one process only
    if min(map(min, base)) > 0 and min(map(min, head)) > 0:
        return _estimate(question, _Scale(log_ratio, math.log, exp))
    centre = median(question.middles[0])
    if centre <= 0 or median(question.middles[1]) <= 0:
        return no_answer("a median of zero or below: a ratio has no meaning", question.confidence)
    scale = _Scale(difference, float, lambda shift: max(0.0, 1.0 + shift / centre))
    warning = "values of zero or below: compared by difference, in units of base's median"
    return _estimate(question, scale, (warning,))


def _estimate(question: _Question, scale: _Scale, warnings: tuple[str, ...] = ()) -> Answer:
    """The statistic proper: on the scale, and back to a ratio."""
    confidence = question.confidence
    if question.rounds:
        figures = _blocks([round_figure(pair, scale.change) for pair in question.rounds], _MOST_ROUNDS)
        shift, p = signed_rank_interval(figures, confidence), signed_rank_test(figures)
        units, name = len(figures), "round"
        evidence: tuple[tuple[float, ...], ...] = (tuple(figures),)
        warnings += _shape(scale, "the change from round to round", figures)
    else:
        (left, right), warning = _units(question)
        base, head = list(map(scale.single, left)), list(map(scale.single, right))
        shift, p = shift_interval(base, head, confidence), rank_sum_test(base, head)
        units, name = min(len(base), len(head)), "sample" if _are_single(question) else "run"
        evidence = (tuple(base), tuple(head))
        warnings += (warning,)
        for side, runs in (("base", question.base), ("head", question.head)):
            warnings += _shape(scale, side, list(map(scale.single, chain.from_iterable(runs))))
    if scale.change is not log_ratio:
        evidence = ()  # limits are tested on logarithms
    estimate, low, high = (scale.as_ratio(value) for value in (shift.estimate, shift.low, shift.high))
    counted = f"{units} {name}{'s' * (units != 1)}{'' if question.rounds else ' on a side'}"
    if shift.confidence < min(LEAST_CONFIDENCE, confidence):
        interval = Interval(estimate, 0.0, math.inf, confidence)
        warnings += (f"{counted}: too few for an interval",)
        return Answer(interval, p, units, warnings, evidence)
    if shift.confidence < confidence - 1e-9:
        warnings += (f"{counted}: an interval of {shift.confidence:.1%}, not {confidence:.0%}",)
    return Answer(Interval(estimate, low, high, shift.confidence), p, units, warnings, evidence)


def _shape(scale: _Scale, name: str, values: Sequence[float]) -> tuple[str, ...]:
    return shape_warnings(name, values) if scale.change is log_ratio else ()


def _units(question: _Question) -> tuple[tuple[Sequence[float], Sequence[float]], str]:
    """What the unpaired statistic counts as one on either side, and a warning.

    It is the run; where each side is a single process, a stretch of its samples.
    """
    base, head = question.base, question.head
    if _are_single(question):
        warning = "one process on each side: the spread between processes is not in the interval"
        return (_blocks(base[0], _MOST_BLOCKS), _blocks(head[0], _MOST_BLOCKS)), warning
    warning = "not measured side by side: what the machine did between the two is in the ratio"
    left, right = question.middles
    return (_blocks(left, _MOST_UNITS), _blocks(right, _MOST_UNITS)), warning


def _are_single(question: _Question) -> bool:
    """Whether either side is one process, whose samples are all there is."""
    return len(question.base) == len(question.head) == 1


def _blocks(values: Sequence[float], most: int) -> Sequence[float]:
    """Medians of at most `most` stretches of neighbours, so that time and memory stay bounded."""
    if len(values) <= most:
        return values
    size = -(-len(values) // most)
    return [median(values[start : start + size]) for start in range(0, len(values), size)]


def _exact(question: _Question) -> Answer:
    """Both sides are constant: nothing to estimate. From zero to more is a ratio of ∞."""
    base, head = question.base[0][0], question.head[0][0]
    if base != head and min(base, head) < 0:
        return no_answer("a value below zero: a ratio has no meaning", question.confidence)
    ratio = 1.0 if base == head else head / base if base else math.inf
    units = min(len(question.base), len(question.head))
    return Answer(Interval(ratio, ratio, ratio, question.confidence), float(ratio == 1.0), units)


def _is_constant(runs: Runs) -> bool:
    first = runs[0][0]
    return len(runs) >= EXACT_RUNS and all(value == first for run in runs for value in run)


def _is_summarised(measurement: Measurement) -> bool:
    return measurement.summary is not None and not measurement.runs


def _own(measurement: Measurement, runs: Runs, middles: Sequence[float], confidence: float) -> Interval:
    """The centre of one side with its bounds; `runs` are its sound ones, `middles` their medians."""
    if _is_summarised(measurement):
        return own_interval(measurement, confidence)
    if not runs:
        return Interval(math.nan, math.nan, math.nan, confidence)
    if measurement.metric.unit != SECONDS and _is_constant(runs):
        return Interval(runs[0][0], runs[0][0], runs[0][0], confidence)
    bounds = median_interval(middles, confidence)
    if bounds.confidence < min(LEAST_CONFIDENCE, confidence):
        return Interval(bounds.estimate, -math.inf, math.inf, confidence)
    return bounds


def _runs(measurement: Measurement) -> list[tuple[float, ...]]:
    runs = (
        run.values if all(map(math.isfinite, run.values)) else sound_values(run) for run in measurement.runs
    )
    return [values for values in runs if values]


def _lost(base: Measurement, head: Measurement, rounds: Sequence[Samples], sound: Runs) -> tuple[str, ...]:
    """Warnings of what was left out."""
    warnings = []
    if lost := sum(len(run.values) for side in (base, head) for run in side.runs) - sum(map(len, sound)):
        warnings.append(f"{lost} values are not finite numbers and were left out")
    if rounds and (lone := len(base.runs) + len(head.runs) - 2 * len(rounds)):
        warnings.append(f"{lone} runs have no sound partner in their round and were left out")
    return tuple(warnings)
