"""Regressions that were taken on: verdicts by accepted.toml, and the entries of it that hold no longer."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from perfbench.analysis.limits import worsening
from perfbench.analysis.patterns import applies, fits, last_match
from perfbench.model import (
    Acceptance,
    BenchmarkId,
    Better,
    Budget,
    Comparison,
    Finding,
    Metric,
    Outcome,
    Verdict,
)
from perfbench.units import format_interval, format_percent, format_value

KIND = "acceptance"


def accept(
    verdicts: Sequence[Verdict],
    acceptances: Sequence[Acceptance],
    today: str,
    *,
    rows: Collection[BenchmarkId] | None = None,
    budgets: Sequence[Budget] = (),
) -> tuple[tuple[Verdict, ...], tuple[Finding, ...]]:
    """The verdicts with accepted regressions as passed, and a finding for each entry that holds no longer.

    A regression that the last valid entry which fits it covers has passed where its whole interval lies
    within the ceiling, is inconclusive where it reaches across, and still has regressed beyond it: the entry
    is exceeded. What is over one of the `budgets` as well is over budget; an acceptance lifts no budget.

    `today` is an ISO date; an entry holds through the day on which it expires. It is unused when it fits none
    of `rows`, which are all that there are and of which a run may have measured a part, or when all rows that
    it fits were measured and none of them has regressed or may have. Without `rows` those of the verdicts are
    taken for all, but an entry that fits none of them may be about others.
    """
    valid = [entry for entry in acceptances if today <= entry.expires]
    judged = tuple(_accepted(verdict, valid, budgets) for verdict in verdicts)
    known = {*(rows or ()), *(verdict.benchmark for verdict in verdicts)}
    findings: list[Finding] = []
    for entry in acceptances:
        if entry not in valid:
            said = f"{_named(entry)} expired on {entry.expires}; remove it, or accept the regression anew"
            findings.append(Finding(KIND, said, entry.origin))
            continue
        findings += _exceeded(entry, judged, valid)
        if rows is not None and not any(fits(entry.pattern, row) for row in known):
            unused = "fits no benchmark"
        else:
            unused = _unused(entry, verdicts, known)
        if unused:
            findings.append(Finding(KIND, f"{_named(entry)} {unused}; remove it", entry.origin))
    return judged, tuple(findings)


def ceiling_words(entry: Acceptance, metric: Metric) -> str:
    """The ceiling as people write it: `+12 %` or `3 ms`."""
    if entry.share is not None:
        return f"+{format_percent(entry.share)}"
    return format_value(math.nan if entry.limit is None else entry.limit, metric.unit)


def _accepted(verdict: Verdict, valid: Sequence[Acceptance], budgets: Sequence[Budget]) -> Verdict:
    row, metric = verdict.comparison, verdict.metric
    if verdict.outcome is not Outcome.REGRESSED or row is None or metric is None:
        return verdict
    entry = last_match(valid, verdict.benchmark, metric)
    if entry is None:
        return verdict
    within, beyond = against_ceiling(row, entry)
    ceiling = ceiling_words(entry, metric)
    if beyond:
        where = f", {entry.origin}" if entry.origin else ""
        reason = f"beyond the accepted ceiling {ceiling}{where}"
        return replace(verdict, reason="; ".join(filter(None, (verdict.reason, reason))))
    budget = last_match(budgets, verdict.benchmark, metric)
    if budget is not None and _lies_beyond(metric, row.head_low, row.head_high, budget.limit):
        where = f", {budget.origin}" if budget.origin else ""
        rule = f"budget {format_value(budget.limit, metric.unit)}{where}"
        reason = f"the regression is accepted ({entry.origin or entry.pattern}), the budget holds"
        return replace(
            verdict,
            outcome=Outcome.OVER_BUDGET,
            rule=rule,
            reason=reason,
            limit=budget.limit,
            origin=budget.origin,
        )
    rule = f"accepted until {entry.expires} by {entry.author} ({entry.reason})"
    if within:
        reason = f"regressed ({verdict.rule}), within the ceiling {ceiling}"
    else:
        reason = f"regressed ({verdict.rule}), and reaches across the ceiling {ceiling}; run longer"
    return replace(
        verdict,
        outcome=Outcome.PASSED if within else Outcome.INCONCLUSIVE,
        rule=f"{rule}, {entry.origin}" if entry.origin else rule,
        reason=reason,
        origin=entry.origin,
    )


def against_ceiling(row: Comparison, entry: Acceptance) -> tuple[bool, bool]:
    """Whether the whole interval lies within the ceiling, and whether it lies beyond."""
    if entry.share is not None:
        worse = worsening(row)
        return worse.high <= 1.0 + entry.share, worse.low > 1.0 + entry.share
    limit = math.inf if entry.limit is None else entry.limit
    beyond = _lies_beyond(row.metric, row.head_low, row.head_high, limit)
    within = row.head_low >= limit if row.metric.better is Better.HIGHER else row.head_high <= limit
    return within, beyond


def _lies_beyond(metric: Metric, low: float, high: float, limit: float) -> bool:
    return high < limit if metric.better is Better.HIGHER else low > limit


def _exceeded(entry: Acceptance, judged: Sequence[Verdict], valid: Sequence[Acceptance]) -> Iterator[Finding]:
    """A finding for each row that has regressed beyond the ceiling of this entry."""
    for verdict in judged:
        row, metric = verdict.comparison, verdict.metric
        if verdict.outcome is not Outcome.REGRESSED or row is None or metric is None:
            continue
        if last_match(valid, verdict.benchmark, metric) is entry:
            moved = f"{verdict.benchmark} moved by {format_interval(row.low, row.high)} %"
            said = f"{moved}, beyond the ceiling {ceiling_words(entry, metric)} that {entry.author} accepted"
            yield Finding(KIND, said, entry.origin)


def _unused(entry: Acceptance, verdicts: Sequence[Verdict], known: Collection[BenchmarkId]) -> str:
    """Why an entry covers nothing; empty where it does, or where that cannot be told from these rows."""
    rows = {row for row in known if fits(entry.pattern, row)}
    about = [verdict for verdict in verdicts if verdict.benchmark in rows]
    if rows - {verdict.benchmark for verdict in about}:
        return ""
    measured = [verdict for verdict in about if verdict.metric is not None]
    judged = [v for v in measured if v.metric is not None and applies(entry, v.benchmark, v.metric)]
    if measured and not judged:
        return f"fits no row with the metric {entry.metric!r}"
    if judged and len(measured) == len(about) and all(map(_unmoved, judged)):
        return "covers no regression: none of its rows has regressed"
    return ""


def _unmoved(verdict: Verdict) -> bool:
    """Whether the row was compared and has not regressed."""
    return verdict.comparison is not None and verdict.outcome in (Outcome.PASSED, Outcome.IMPROVED)


def _named(entry: Acceptance) -> str:
    return f"the acceptance of {entry.pattern!r}"
