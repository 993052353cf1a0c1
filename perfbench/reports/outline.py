"""What every report says of the whole run, in words: the typesetting is left to each."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from perfbench.errors import ExitCode
from perfbench.model import Explanation, Finding, Outcome, Report, RuntimeStatus, SideSummary
from perfbench.reports.entries import GRAVEST_FIRST, has_direction, shared_warnings
from perfbench.reports.explanation import sentence
from perfbench.reports.glyphs import MARKS, mark
from perfbench.reports.names import plain, shown_name
from perfbench.units import format_duration, format_percent

QUIET = frozenset({Outcome.PASSED, Outcome.SKIPPED})
CHANGES = "+changes"


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
    return [*map(plain, report.warnings), *map(plain, shared_warnings(report))]


def seen_words(report: Report) -> str:
    """How small a worsening of the passed rows would have been seen; empty where nothing was compared."""
    effects = sorted(
        verdict.effect
        for verdict in report.verdicts
        if verdict.outcome is Outcome.PASSED and verdict.effect is not None and has_direction(verdict)
    )
    seen = [effect for effect in effects if math.isfinite(effect)]
    if not seen:
        return ""
    middle, worst = format_percent(effects[(len(effects) - 1) // 2]), format_percent(seen[-1])
    every = "all" if len(seen) == len(effects) else f"{len(seen)} of {len(effects)}"
    half = "" if middle == worst else f"≥ {middle} in half of them, "
    return f"could have seen a worsening {half}≥ {worst} in {every}"


def began(report: Report) -> str:
    """When measuring began, in UTC to the second: `2025-10-09T08:53:20Z`; empty where it is not known."""
    try:
        return datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def exit_word(code: int) -> str:
    """An exit code's fixed name: `passed`, `regressed`, `usage`, `nothing measured`, `undecided`, …"""
    return ExitCode(code).name.lower().replace("_", " ")


UNJUDGED = frozenset({Outcome.INCONCLUSIVE, Outcome.INCOMPARABLE, Outcome.SKIPPED})
"""Where there is nothing else, exit 0 means no more than that nothing was found."""


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
        case ExitCode.PASSED if found and found <= UNJUDGED:
            return "nothing could be judged, so nothing failed; --strict fails here"
        case _:
            return exit_word(report.exit_code)


def explanation(found: Explanation) -> tuple[str, str]:
    """The row that regressed, and where that comes from, or that its profile does not say."""
    page = f"; {found.page}" if found.page else ""
    params = ", ".join(value for _, value in found.benchmark.params)
    name = shown_name(found.benchmark.name) + (f" ({params})" if params else "")
    return plain(name), plain(sentence(found) + page)


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
