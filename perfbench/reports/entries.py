"""Rows that are told by themselves: scaled, named and explained in words, the gravest first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from perfbench.model import Better, Outcome, Report, Verdict
from perfbench.reports.glyphs import FAILED_ELSEWHERE, mark
from perfbench.reports.names import Label, Row, labels, plain
from perfbench.units import format_interval, format_pair, format_percent, format_ratio, format_value

GRAVEST_FIRST = (
    Outcome.REGRESSED,
    Outcome.OVER_BUDGET,
    Outcome.MISSING,
    Outcome.FAILED,
    Outcome.INCONCLUSIVE,
    Outcome.IMPROVED,
    Outcome.NEW,
    Outcome.INCOMPARABLE,
    Outcome.PASSED,
    Outcome.SKIPPED,
)
TOLD_BY_RULE = frozenset(
    {Outcome.REGRESSED, Outcome.OVER_BUDGET, Outcome.IMPROVED, Outcome.FAILED, Outcome.PASSED}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that is told by itself: scaled, named and explained. Empty where there is nothing to say."""

    outcome: Outcome
    mark: str
    name: str
    target: str
    values: str
    change: str
    seen: str
    note: str


def entries(report: Report) -> list[Entry]:
    """Every row that needs a word, the gravest first, else in the report's order.

    That is what neither passed nor was skipped, and what passed for a reason: an accepted regression.
    """
    return [entry for _, entry in told_entries(report)]


def told_entries(report: Report) -> list[tuple[Verdict, Entry]]:
    """The same, each with its verdict."""
    told = [verdict for verdict in report.verdicts if _needs_a_word(verdict)]
    return _entries(report, sorted(told, key=gravity))


def all_entries(report: Report) -> list[tuple[Verdict, Entry]]:
    """Every row with what there is to say of it, in the report's order."""
    return _entries(report, report.verdicts)


def row_labels(report: Report) -> Mapping[Row, Label]:
    """The label of every row in the report."""
    return labels(_row(verdict) for verdict in report.verdicts)


def row_name(entry: Entry) -> str:
    """A row's name where there is no column for its target: `container.Lifecycle.start (runc)`."""
    return f"{entry.name} ({entry.target})" if entry.target else entry.name


def sentence(entry: Entry) -> str:
    """What there is to say of a row, in one line."""
    moved = ", ".join(filter(None, (entry.values, entry.change)))
    return "; ".join(filter(None, (moved, entry.note)))


def values(verdict: Verdict) -> str:
    """Both medians on one scale, or head's alone; empty where nothing was measured."""
    comparison = verdict.comparison
    if comparison is not None:
        unit = comparison.metric.unit
        base, head = format_pair(comparison.base, comparison.head, unit)
        # A benchmark's own word may be long and is said once; ms and MiB stand with their number.
        return f"{base.removesuffix(f' {unit}') if head.endswith(unit) else base} → {head}"
    if verdict.value is None or verdict.metric is None:
        return ""
    return format_value(verdict.value, verdict.metric.unit)


def change(verdict: Verdict) -> str:
    """The ratio and its interval: `+38 % (+35 … +41)`."""
    comparison = verdict.comparison
    if comparison is None or math.isnan(comparison.ratio):
        return ""
    told = format_ratio(comparison.ratio)
    if math.isnan(comparison.low) or math.isnan(comparison.high):
        return told
    return f"{told} ({format_interval(comparison.low, comparison.high)})"


def smallest_effect(verdict: Verdict) -> str:
    """The smallest worsening that would have been seen in a row: `≥ 3 %`; empty where nothing was compared."""
    if verdict.effect is None or not has_direction(verdict):
        return ""
    return f"≥ {format_percent(verdict.effect)}" if math.isfinite(verdict.effect) else "none"


def gravity(verdict: Verdict) -> int:
    """A row's place among others, the gravest first."""
    if mark(verdict) == FAILED_ELSEWHERE:
        return len(GRAVEST_FIRST)
    return GRAVEST_FIRST.index(verdict.outcome)


def has_direction(verdict: Verdict) -> bool:
    return verdict.metric is not None and verdict.metric.better is not Better.NONE


def shared_warnings(report: Report) -> list[str]:
    """The warnings that every one of several comparisons has: said once for all."""
    found = [verdict.comparison.warnings for verdict in report.verdicts if verdict.comparison is not None]
    if len(found) < 2:
        return []
    everywhere = set(found[0]).intersection(*found[1:])
    return [text for text in found[0] if text in everywhere]


def _entries(report: Report, verdicts: Sequence[Verdict]) -> list[tuple[Verdict, Entry]]:
    names, shared = row_labels(report), set(shared_warnings(report))
    return [(verdict, _entry(verdict, names[_row(verdict)], shared)) for verdict in verdicts]


def _entry(verdict: Verdict, label: Label, shared: Set[str]) -> Entry:
    return Entry(
        verdict.outcome,
        mark(verdict),
        label.name,
        label.target,
        plain(values(verdict)),
        change(verdict),
        smallest_effect(verdict),
        _note(verdict, shared),
    )


def _needs_a_word(verdict: Verdict) -> bool:
    if verdict.outcome is Outcome.PASSED:
        return bool(verdict.reason) and has_direction(verdict)
    return verdict.outcome is not Outcome.SKIPPED


def _note(verdict: Verdict, shared: Set[str]) -> str:
    """What led to the outcome: the rule where a rule decided (or where it failed), and what explains it."""
    by_rule = verdict.outcome in TOLD_BY_RULE
    said = [verdict.rule, verdict.reason] if by_rule else [verdict.reason or verdict.rule]
    if verdict.comparison and math.isnan(verdict.comparison.ratio) and not verdict.reason:
        said.append("a median of zero or below has no ratio")
    own = verdict.comparison.warnings if verdict.comparison else ()
    said += [text for text in own if text not in shared]
    return "; ".join(filter(None, map(plain, said)))


def _row(verdict: Verdict) -> Row:
    return verdict.benchmark, verdict.metric
