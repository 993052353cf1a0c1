"""What every report says and in which order, in words: the typesetting is left to each."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime

from perfbench.errors import ExitCode
from perfbench.model import BenchmarkId, Better, Finding, Outcome, Report, RuntimeStatus, SideSummary, Verdict
from perfbench.reports.glyphs import FAILED_ELSEWHERE, MARKS, mark
from perfbench.reports.names import RUNTIME, Label, Row, labels, plain, shown_name
from perfbench.units import (
    format_duration,
    format_interval,
    format_pair,
    format_percent,
    format_ratio,
    format_value,
)

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
QUIET = frozenset({Outcome.PASSED, Outcome.SKIPPED})
TOLD_BY_RULE = frozenset(
    {Outcome.REGRESSED, Outcome.OVER_BUDGET, Outcome.IMPROVED, Outcome.FAILED, Outcome.PASSED}
)
EVERY = "every benchmark"
CHANGES = "+changes"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that is told by itself: scaled, named and explained. Empty where there is nothing to say."""

    outcome: Outcome
    mark: str
    name: str
    runtime: str
    values: str
    change: str
    seen: str
    note: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Rows skipped for one reason: `where` is a pattern, a name or the words for all; `rows` counts them."""

    where: str
    runtime: str
    reason: str
    rows: int


def counts(report: Report) -> list[tuple[Outcome, int]]:
    """How many rows came to each outcome, the gravest first; outcomes that did not occur are left out."""
    found = [verdict.outcome for verdict in report.verdicts]
    return [(outcome, found.count(outcome)) for outcome in GRAVEST_FIRST if outcome in found]


def verdict_words(report: Report) -> list[str]:
    """The verdict in one line's parts: `2 regressed`, `36 passed`."""
    return [f"{number} {outcome}" for outcome, number in counts(report)] or ["nothing was measured"]


def finding_words(report: Report) -> str:
    """How many findings there are, as the verdict's line says it; empty where there is none."""
    number = len(report.findings)
    return "" if not number else "1 finding" if number == 1 else f"{number} findings"


def finding(found: Finding) -> str:
    """A finding in one line: where it stands and what it says."""
    return plain(": ".join(filter(None, (found.origin or found.kind, found.message))))


def sides(report: Report) -> str:
    """What was compared with what."""
    head = _side(report.head)
    return head if report.base is None else f"{head} against {_side(report.base)}"


def machine(report: Report) -> str:
    """Where it ran: cores and the runtimes that were there."""
    cores = report.environment.cores
    told = "" if not cores else "1 core" if cores == 1 else f"{cores} cores"
    runtimes = _runtimes(report.runtimes) or [plain(report.environment.engine)]
    return ", ".join(filter(None, [told, *runtimes]))


def cost(report: Report) -> str:
    """What it took, and how fine it could see: `noise 0.8 %, 4 min 12 s`."""
    took = format_duration(report.seconds) if math.isfinite(report.seconds) else ""
    floor = report.noise_floor
    noise = "" if floor is None or not math.isfinite(floor) else f"noise {format_percent(floor)}"
    return ", ".join(filter(None, [noise, took]))


def matrix_words(report: Report) -> str:
    """What the figures of the passed rows are."""
    passed = dict(counts(report)).get(Outcome.PASSED, 0)
    if report.base is None:
        return f"{passed} passed: medians"
    return f"{passed} passed: head's medians, and the change where it is beyond the noise"


def warnings(report: Report) -> list[str]:
    """What makes the figures less sure: of the whole run, and of every row that was compared."""
    return [*map(plain, report.warnings), *map(plain, _shared_warnings(report))]


def seen_words(report: Report) -> str:
    """How small a worsening of the passed rows would have been seen; empty where nothing was compared."""
    effects = sorted(
        verdict.effect
        for verdict in report.verdicts
        if verdict.outcome is Outcome.PASSED and verdict.effect is not None and _has_direction(verdict)
    )
    seen = [effect for effect in effects if math.isfinite(effect)]
    if not seen:
        return ""
    middle, worst = format_percent(effects[(len(effects) - 1) // 2]), format_percent(seen[-1])
    every = "all" if len(seen) == len(effects) else f"{len(seen)} of {len(effects)}"
    half = "" if middle == worst else f"≥ {middle} in half of them, "
    return f"could have seen a worsening {half}≥ {worst} in {every}"


def smallest_effect(verdict: Verdict) -> str:
    """The smallest worsening that would have been seen in a row: `≥ 3 %`; empty where nothing was compared."""
    if verdict.effect is None or not _has_direction(verdict):
        return ""
    return f"≥ {format_percent(verdict.effect)}" if math.isfinite(verdict.effect) else "none"


def entries(report: Report) -> list[Entry]:
    """Every row that needs a word, the gravest first, else in the report's order.

    That is what neither passed nor was skipped, and what passed for a reason: an accepted regression.
    """
    told = [verdict for verdict in report.verdicts if _needs_a_word(verdict)]
    return [entry for _, entry in _entries(report, sorted(told, key=gravity))]


def all_entries(report: Report) -> list[tuple[Verdict, Entry]]:
    """Every row with what there is to say of it, in the report's order."""
    return _entries(report, report.verdicts)


def row_name(entry: Entry) -> str:
    """A row's name where there is no column for its runtime: `container.Lifecycle.start (runc)`."""
    return f"{entry.name} ({entry.runtime})" if entry.runtime else entry.name


def sentence(entry: Entry) -> str:
    """What there is to say of a row, in one line."""
    moved = ", ".join(filter(None, (entry.values, entry.change)))
    return "; ".join(filter(None, (moved, entry.note)))


def began(report: Report) -> str:
    """When measuring began, in UTC to the second: `2025-10-09T08:53:20Z`; empty where it is not known."""
    try:
        return datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def skips(report: Report) -> list[Skip]:
    """What was skipped, collapsed by runtime and reason into the widest patterns that are still true."""
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in report.verdicts:
        if verdict.outcome is Outcome.SKIPPED:
            groups[_runtime(verdict.benchmark), plain(verdict.reason or verdict.rule)].append(verdict)
    names = row_labels(report)
    found = []
    for (runtime, reason), members in groups.items():
        skipped = {verdict.benchmark for verdict in members}
        kin = {verdict.benchmark for verdict in report.verdicts if _runtime(verdict.benchmark) == runtime}
        mixed = {prefix for benchmark in kin - skipped for prefix in _prefixes(benchmark)}
        where: dict[str, int] = defaultdict(int)
        for verdict in members:
            wide = (prefix for prefix in _prefixes(verdict.benchmark) if prefix not in mixed)
            where[next((f"{prefix}*" for prefix in wide), names[_row(verdict)].name)] += 1
        everything = runtime or len(kin) == len({verdict.benchmark for verdict in report.verdicts})
        if len(where) > 1 and skipped == kin and everything:
            where = {EVERY: len(members)}
        found += [Skip(place, runtime, reason, number) for place, number in where.items()]
    return found


def exit_word(code: int) -> str:
    """An exit code's fixed name: `passed`, `regressed`, `usage`, `nothing measured`, `undecided`, …"""
    return ExitCode(code).name.lower().replace("_", " ")


def exit_reason(report: Report) -> str:
    """Why the command ends with its exit code, in this report's own words."""
    found = {outcome for outcome, _ in counts(report)}
    match ExitCode(report.exit_code):
        case ExitCode.REGRESSED:
            grave = [*(word for word in GRAVEST_FIRST[:3] if word in found), finding_words(report)]
            return ", ".join(filter(None, grave)) or exit_word(report.exit_code)
        case ExitCode.NOTHING_MEASURED:
            failed = [mark(verdict) for verdict in report.verdicts if verdict.outcome is Outcome.FAILED]
            return "failed on head" if MARKS[Outcome.FAILED] in failed else "nothing was measured"
        case ExitCode.UNDECIDED:
            return " and ".join(sorted(found & {Outcome.INCONCLUSIVE, Outcome.INCOMPARABLE})) or "undecided"
        case ExitCode.USAGE:
            return "usage, configuration or a missing component"
        case _:
            return exit_word(report.exit_code)


def row_labels(report: Report) -> Mapping[Row, Label]:
    """The label of every row in the report."""
    return labels(_row(verdict) for verdict in report.verdicts)


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


def _entries(report: Report, verdicts: Sequence[Verdict]) -> list[tuple[Verdict, Entry]]:
    names, shared = row_labels(report), set(_shared_warnings(report))
    return [(verdict, _entry(verdict, names[_row(verdict)], shared)) for verdict in verdicts]


def _entry(verdict: Verdict, label: Label, shared: Set[str]) -> Entry:
    return Entry(
        verdict.outcome,
        mark(verdict),
        label.name,
        label.runtime,
        plain(values(verdict)),
        change(verdict),
        smallest_effect(verdict),
        _note(verdict, shared),
    )


def _needs_a_word(verdict: Verdict) -> bool:
    if verdict.outcome is Outcome.PASSED:
        return bool(verdict.reason) and _has_direction(verdict)
    return verdict.outcome is not Outcome.SKIPPED


def _has_direction(verdict: Verdict) -> bool:
    return verdict.metric is not None and verdict.metric.better is not Better.NONE


def _shared_warnings(report: Report) -> list[str]:
    """The warnings that every one of several comparisons has: said once for all."""
    found = [verdict.comparison.warnings for verdict in report.verdicts if verdict.comparison is not None]
    if len(found) < 2:
        return []
    everywhere = set(found[0]).intersection(*found[1:])
    return [text for text in found[0] if text in everywhere]


def _note(verdict: Verdict, shared: Set[str]) -> str:
    """What led to the outcome: the rule where a rule decided (or where it failed), and what explains it."""
    by_rule = verdict.outcome in TOLD_BY_RULE
    said = [verdict.rule, verdict.reason] if by_rule else [verdict.reason or verdict.rule]
    if verdict.comparison and math.isnan(verdict.comparison.ratio) and not verdict.reason:
        said.append("a median of zero or below has no ratio")
    own = verdict.comparison.warnings if verdict.comparison else ()
    said += [text for text in own if text not in shared]
    return "; ".join(filter(None, map(plain, said)))


def gravity(verdict: Verdict) -> int:
    """A row's place among others, the gravest first."""
    if mark(verdict) == FAILED_ELSEWHERE:
        return len(GRAVEST_FIRST)
    return GRAVEST_FIRST.index(verdict.outcome)


def _row(verdict: Verdict) -> Row:
    return verdict.benchmark, verdict.metric


def _runtime(benchmark: BenchmarkId) -> str:
    return plain(benchmark.param(RUNTIME) or "")


def _prefixes(benchmark: BenchmarkId) -> list[str]:
    """`files.`, then `files.Write.`: what a pattern for this row can begin with, the widest first."""
    parts = shown_name(benchmark.name).split(".")
    return [".".join(parts[:length]) + "." for length in range(1, len(parts))]


def _side(side: SideSummary) -> str:
    """`head 3f2c1ab+changes`, with the revision where it says more; a baseline goes by its own name."""
    commit = side.commit[:7]
    if side.label not in {"base", "head"}:
        return plain(f"{side.label} {side.revision}{f' at {commit}' if commit else ''}")
    if side.revision.endswith(CHANGES):
        # The commit is then that of a snapshot, which the user has never seen.
        return plain(f"{side.label} {side.revision}")
    told = commit or side.revision
    more = side.revision if commit and side.revision not in {"worktree", "HEAD"} else ""
    if more and side.commit.startswith(more):
        more = ""
    return plain(f"{side.label} {told}{CHANGES if side.dirty else ''}{f' ({more})' if more else ''}")


def _runtimes(statuses: Sequence[RuntimeStatus]) -> list[str]:
    """The runtimes that are there, one engine together (`Docker 20.10 (runc, runsc)`); process always is."""
    engines: dict[str, list[str]] = {}
    for status in statuses:
        if not status.available or status.name == "process":
            continue
        engine, _, inner = status.name.partition(":")
        version = re.search(r"\d+\.\d+", status.version) if inner else None
        title = f"{engine.capitalize()} {version.group() if version else ''}".rstrip() if inner else engine
        engines.setdefault(plain(title), []).extend([plain(inner)] if inner else [])
    return [f"{engine} ({', '.join(inner)})" if inner else engine for engine, inner in engines.items()]
