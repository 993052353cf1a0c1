"""Comparisons to verdicts: one limit for each row, its interval against it, and the family over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from perfbench.analysis.common_mode import CommonMode, common_mode
from perfbench.analysis.comparison import own_median
from perfbench.analysis.evidence import p_above, p_below
from perfbench.analysis.family import holm
from perfbench.analysis.limits import MOST_NOISE, Limit, Worsening, limit_of, smallest_effect, worsening
from perfbench.analysis.patterns import last_match
from perfbench.model import (
    BenchmarkId,
    Better,
    Budget,
    Comparison,
    Measurement,
    Metric,
    Outcome,
    Threshold,
    Verdict,
)
from perfbench.units import format_percent, format_ratio, format_value

FAMILY_ERROR = 0.025
"""The chance that any row of a whole family is wrongly called worse; better has the same.

Why Holm and why so much: docs/decisions/0005-error-control.md.
"""


@dataclass(frozen=True, slots=True)
class _Case:
    """One row before its verdict: its limit, and whether the family lets a change of it be named."""

    row: Comparison
    limit: Limit
    sure: bool
    family: int


def judge(
    comparisons: Sequence[Comparison],
    thresholds: Sequence[Threshold],
    budgets: Sequence[Budget],
    *,
    noise_floor: float,
    control: Comparison | None = None,
    shares: Mapping[BenchmarkId, float] | None = None,
) -> tuple[Verdict, ...]:
    """A verdict for each comparison, in the same order; together they are one family.

    A row has regressed when the whole interval of its ratio lies beyond its limit (`limit_of`) for the
    worse **and** the p of lying within it, adjusted for the family (Holm), is at most 2.5 %; improved
    likewise for the better; passed when the interval lies within the limit on the worse side; else the run
    could not tell. `shares` gives each row the part of that error that its look at the data may spend
    (`sequential.share`), 1 where the data are looked at once. `control`, fixed work measured along, tells
    a machine that moved as a whole from code that did.

    A budget is exceeded when the whole interval of head's median lies beyond it; a row that has regressed
    as well is called regressed, and both are said. `limit` of a verdict is relative, but for over budget,
    where it is the budget.
    """
    limits = [limit_of(row, thresholds, noise_floor) for row in comparisons]
    cases = _family(comparisons, limits, shares or {})
    common = common_mode(comparisons, control=control)
    return tuple(_verdict(case, budgets, common) for case in cases)


def _family(
    rows: Sequence[Comparison], limits: Sequence[Limit], shares: Mapping[BenchmarkId, float]
) -> list[_Case]:
    """Adjust the evidence of all rows for their number, for the worse and for the better apart."""
    spent = [shares.get(row.benchmark, 1.0) for row in rows]
    above = holm(
        [p_above(row, limit.share) / part for row, limit, part in zip(rows, limits, spent, strict=True)]
    )
    below = holm(
        [p_below(row, limit.share) / part for row, limit, part in zip(rows, limits, spent, strict=True)]
    )
    return [
        _Case(replace(row, p_adjusted=min(pair)), limit, min(pair) <= FAMILY_ERROR, len(rows))
        for row, limit, pair in zip(rows, limits, zip(above, below, strict=True), strict=True)
    ]


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


def _verdict(case: _Case, budgets: Sequence[Budget], common: CommonMode | None) -> Verdict:
    row, limit = case.row, case.limit
    outcome, reason = _outcome(case, common)
    rule, figure, origin = limit.rule, limit.share, limit.origin
    if outcome is Outcome.INCOMPARABLE or row.metric.better is Better.NONE:
        rule = origin = ""
    if budget := _exceeded(budgets, row, row.head_low, row.head_high):
        if outcome is Outcome.REGRESSED:
            reason = f"over its {_budget_rule(budget, row.metric)}, too"
        else:
            outcome, reason = Outcome.OVER_BUDGET, ""
            rule, figure, origin = _budget_rule(budget, row.metric), budget.limit, budget.origin
    effect = (
        None if row.metric.better is Better.NONE or row.ratio != row.ratio else smallest_effect(row, limit)
    )
    return Verdict(
        row.benchmark, row.metric, outcome, rule, reason, row, row.head, figure, effect=effect, origin=origin
    )


def _outcome(case: _Case, common: CommonMode | None) -> tuple[Outcome, str]:
    row, limit = case.row, case.limit
    worse = worsening(row)
    outcome, reason = Outcome.INCONCLUSIVE, ""
    if row.metric.better is Better.NONE:
        outcome, reason = Outcome.PASSED, "no better or worse: shown only"
    elif worse.ratio != worse.ratio:  # NaN
        outcome = Outcome.PASSED if limit.share == float("inf") else Outcome.INCOMPARABLE
    elif worse.low > 1.0 + limit.share or worse.high < 1.0 / (1.0 + limit.share):
        outcome, reason = _changed(case, worse, common)
    elif worse.high <= 1.0 + limit.share and not _hidden(worse, limit):
        outcome = Outcome.PASSED
    elif worse.high <= 1.0 + limit.share:
        reason = "the machine is too noisy to tell; quieten it"
    else:
        effect = smallest_effect(row, limit)
        seen = "could not tell" if effect == float("inf") else f"could see ≥ {format_percent(effect)}"
        reason = f"{seen}; run longer"
    return outcome, reason


def _changed(case: _Case, worse: Worsening, common: CommonMode | None) -> tuple[Outcome, str]:
    """What becomes of a row whose whole interval lies beyond its limit."""
    if common is not None and case.row.low <= common.ratio <= case.row.high:
        moved = format_ratio(common.ratio)
        return Outcome.INCONCLUSIVE, f"everything moved together ({moved}): the machine, not the code"
    if not case.sure:
        many = f"among {case.family} rows" if case.family > 1 else "yet"
        return Outcome.INCONCLUSIVE, f"beyond its limit, but not sure enough {many}; run longer"
    return (Outcome.REGRESSED if worse.low > 1.0 else Outcome.IMPROVED), ""


def _hidden(worse: Worsening, limit: Limit) -> bool:
    """Whether only great noise has widened the limit so far that the row lies within it."""
    return limit.share > max(limit.asked, MOST_NOISE) and worse.high > 1.0 + limit.asked


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
