"""What was skipped, collapsed by what would have been measured and by reason."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from perfbench.model import BenchmarkId, Outcome, Report, Verdict
from perfbench.reports.entries import row_labels
from perfbench.reports.names import plain, shown_name, target_of

EVERY = "every benchmark"


@dataclass(frozen=True, slots=True)
class Skip:
    """Rows skipped for one reason: `where` is a pattern, a name or the words for all; `rows` counts them."""

    where: str
    target: str
    reason: str
    rows: int


def skips(report: Report) -> list[Skip]:
    """What was skipped, collapsed by target and reason into the widest patterns that are still true."""
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in report.verdicts:
        if verdict.outcome is Outcome.SKIPPED:
            groups[target_of(verdict.benchmark), plain(verdict.reason or verdict.rule)].append(verdict)
    names = row_labels(report)
    found = []
    for (target, reason), members in groups.items():
        skipped = {verdict.benchmark for verdict in members}
        kin = {verdict.benchmark for verdict in report.verdicts if target_of(verdict.benchmark) == target}
        mixed = {prefix for benchmark in kin - skipped for prefix in _prefixes(benchmark)}
        where: dict[str, int] = defaultdict(int)
        for verdict in members:
            wide = (prefix for prefix in _prefixes(verdict.benchmark) if prefix not in mixed)
            where[next((f"{prefix}*" for prefix in wide), names[verdict.benchmark, verdict.metric].name)] += 1
        everything = target or len(kin) == len({verdict.benchmark for verdict in report.verdicts})
        if len(where) > 1 and skipped == kin and everything:
            where = {EVERY: len(members)}
        found += [Skip(place, target, reason, number) for place, number in where.items()]
    return found


def _prefixes(benchmark: BenchmarkId) -> list[str]:
    """`files.`, then `files.Write.`: what a pattern for this row can begin with, the widest first."""
    parts = shown_name(benchmark.name).split(".")
    return [".".join(parts[:length]) + "." for length in range(1, len(parts))]
