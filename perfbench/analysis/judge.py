"""Comparisons to verdicts: one limit for each row, and the row's interval against it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from perfbench.analysis.comparison import own_median
from perfbench.analysis.patterns import last_match
from perfbench.model import Better, Budget, Comparison, Measurement, Metric, Outcome, Threshold, Verdict
from perfbench.units import SECONDS, format_percent, format_value

DEFAULT_LIMIT = 0.01

MOST_NOISE = 0.1
"""Above this noise floor a row held to a finer limit cannot pass: the machine hides what it should show."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How far a row may move for the worse (0.05 is 5 %), and the rule that says so, in words.

    `asked` is what it would be on a machine without noise. `origin` is where the rule stands, if in a file.
    """

    share: float
    rule: str
    asked: float
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Worsening:
    """A ratio turned so that above 1 is worse, whichever way the metric improves."""

    ratio: float
    low: float
    high: float


def judge(
    comparisons: Sequence[Comparison],
    thresholds: Sequence[Threshold],
    budgets: Sequence[Budget],
    *,
    noise_floor: float,
) -> tuple[Verdict, ...]:
    """A verdict for each comparison, in the same order.

    A row has regressed when the whole interval of its ratio lies beyond its limit (`limit_of`) for the
    worse, improved when it lies beyond it for the better, passed when it lies within it on the worse side;
    else the run could not tell. A budget is exceeded when the whole interval of head's median lies beyond
    it; a row that has regressed as well is called regressed, and both are said. `limit` of a verdict is
    relative, but for over budget, where it is the budget.
    """
    return tuple(_verdict(row, thresholds, budgets, noise_floor) for row in comparisons)


def judge_alone(
    measurements: Sequence[Measurement],
    budgets: Sequence[Budget],
    *,
    outcome: Outcome = Outcome.NEW,
    reason: str = "",
) -> tuple[Verdict, ...]:
    """A verdict for each measurement that has nothing to be compared with: `outcome`, or over budget."""
    verdicts = []
    for row in measurements:
        own = own_median(row)
        budget = _exceeded(budgets, row, own.low, own.high)
        verdicts.append(
            Verdict(
                row.benchmark,
                row.metric,
                Outcome.OVER_BUDGET if budget else outcome,
                _budget_rule(budget, row.metric) if budget else "",
                "" if budget else reason,
                value=own.estimate,
                limit=budget.limit if budget else None,
                origin=budget.origin if budget else "",
            )
        )
    return tuple(verdicts)


def limit_of(row: Comparison, thresholds: Sequence[Threshold], noise_floor: float) -> Limit:
    """The limit in force for a row.

    It is that of the last threshold that fits, else 1 %, and for times never below `noise_floor`, which is
    measured on times. A threshold's `minimum_absolute` raises it to the change that such a shift is of
    base's median.
    """
    if row.metric.unit != SECONDS:
        noise_floor = 0.0
    threshold = last_match(thresholds, row.benchmark, row.metric)
    origin = threshold.origin if threshold else ""
    named = f", {origin}" if origin else ""
    given = threshold.limit if threshold else None
    asked = DEFAULT_LIMIT if given is None else given
    share = max(asked, noise_floor)
    least = threshold.minimum_absolute if threshold else 0.0
    if (shift := _share_of(least, row)) > share:
        return Limit(shift, f"limit {format_value(least, row.metric.unit)}{named}", shift, origin)
    rule = f"limit {format_percent(share)}"
    if share > asked:
        rule += " (noise)" if given is None else f" (noise; {format_percent(asked)} asked{named})"
    elif given is not None:
        rule += named
    return Limit(share, rule, asked, origin if given is not None else "")


def worsening(row: Comparison) -> Worsening:
    """A row's ratio and interval with above 1 as worse."""
    if row.metric.better is Better.HIGHER:
        return Worsening(_inverse(row.ratio), _inverse(row.high), _inverse(row.low))
    return Worsening(row.ratio, row.low, row.high)


def smallest_effect(row: Comparison, limit: Limit) -> float:
    """The smallest relative change for the worse that such a run would have called a regression.

    To clear the limit, the interval needs the arm that it has now between its estimate and its lower end.
    """
    worse = worsening(row)
    return (1.0 + limit.share) * worse.ratio / worse.low - 1.0 if worse.low > 0 else math.inf


def _verdict(
    row: Comparison, thresholds: Sequence[Threshold], budgets: Sequence[Budget], noise_floor: float
) -> Verdict:
    limit = limit_of(row, thresholds, noise_floor)
    outcome, reason = _outcome(row, limit)
    rule, figure, origin = limit.rule, limit.share, limit.origin
    if outcome is Outcome.INCOMPARABLE or row.metric.better is Better.NONE:
        rule = origin = ""
    if budget := _exceeded(budgets, row, row.head_low, row.head_high):
        if outcome is Outcome.REGRESSED:
            reason = f"over its {_budget_rule(budget, row.metric)}, too"
        else:
            outcome, reason = Outcome.OVER_BUDGET, ""
            rule, figure, origin = _budget_rule(budget, row.metric), budget.limit, budget.origin
    return Verdict(row.benchmark, row.metric, outcome, rule, reason, row, row.head, figure, origin=origin)


def _outcome(row: Comparison, limit: Limit) -> tuple[Outcome, str]:
    worse = worsening(row)
    outcome, reason = Outcome.INCONCLUSIVE, ""
    if row.metric.better is Better.NONE:
        outcome, reason = Outcome.PASSED, "no better or worse: shown only"
    elif math.isnan(worse.ratio):
        outcome = Outcome.PASSED if limit.share == math.inf else Outcome.INCOMPARABLE
    elif worse.low > 1.0 + limit.share:
        outcome = Outcome.REGRESSED
    elif worse.high < 1.0 / (1.0 + limit.share):
        outcome = Outcome.IMPROVED
    elif worse.high <= 1.0 + limit.share and not _hidden(worse, limit):
        outcome = Outcome.PASSED
    elif worse.high <= 1.0 + limit.share:
        reason = "the machine is too noisy to tell; quieten it"
    else:
        effect = smallest_effect(row, limit)
        seen = "could not tell" if effect == math.inf else f"could see ≥ {format_percent(effect)}"
        reason = f"{seen}; run longer"
    return outcome, reason


def _hidden(worse: Worsening, limit: Limit) -> bool:
    """Whether only great noise has widened the limit so far that the row lies within it."""
    return limit.share > max(limit.asked, MOST_NOISE) and worse.high > 1.0 + limit.asked


def _share_of(least: float, row: Comparison) -> float:
    """The shift `least` as a worsening of base's median; ∞ where no worsening could reach it."""
    if not least:
        return 0.0
    if math.isnan(row.ratio) or row.base <= 0:
        return math.inf if abs(row.head - row.base) < least else 0.0
    if row.metric.better is Better.HIGHER:
        return row.base / (row.base - least) - 1.0 if row.base > least else math.inf
    return least / row.base


def _exceeded(
    budgets: Sequence[Budget], row: Comparison | Measurement, low: float, high: float
) -> Budget | None:
    """The budget of a row if the whole interval [low, high] of its median lies beyond."""
    budget = last_match(budgets, row.benchmark, row.metric)
    if budget is None:
        return None
    over = high < budget.limit if row.metric.better is Better.HIGHER else low > budget.limit
    return budget if over else None


def _budget_rule(budget: Budget, metric: Metric) -> str:
    origin = f", {budget.origin}" if budget.origin else ""
    return f"budget {format_value(budget.limit, metric.unit)}{origin}"


def _inverse(ratio: float) -> float:
    return 1.0 / ratio if ratio else math.inf
