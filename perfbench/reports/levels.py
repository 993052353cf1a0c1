"""How grave a row is to tools that know errors, warnings and notes, and where it points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from perfbench.errors import ExitCode
from perfbench.model import Outcome, Report, Verdict
from perfbench.reports import outline
from perfbench.reports.glyphs import FAILED_ELSEWHERE, mark

THRESHOLDS = "thresholds.toml"

ORIGIN = re.compile(r"(?P<file>[^:]+\.[^:]+):(?P<line>[1-9]\d{0,8})")


class Level(StrEnum):
    """The levels of SARIF; an `error` is what the exit code fails for."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NONE = "none"


LEVELS = {
    Outcome.REGRESSED: Level.ERROR,
    Outcome.OVER_BUDGET: Level.ERROR,
    Outcome.MISSING: Level.ERROR,
    Outcome.FAILED: Level.ERROR,
    Outcome.INCONCLUSIVE: Level.WARNING,
    Outcome.INCOMPARABLE: Level.WARNING,
    Outcome.IMPROVED: Level.NOTE,
    Outcome.NEW: Level.NOTE,
    Outcome.PASSED: Level.NONE,
    Outcome.SKIPPED: Level.NONE,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; `path` is seen from the top of the repository, with slashes."""

    path: str
    line: int


def level(verdict: Verdict, report: Report) -> Level:
    """How grave a row is. With `--strict`, what is undecided is an error where nothing graver is."""
    found = LEVELS[verdict.outcome]
    if found is Level.ERROR and mark(verdict) == FAILED_ELSEWHERE:
        return Level.WARNING
    if found is Level.WARNING and report.exit_code == ExitCode.UNDECIDED:
        return Level.ERROR
    return found


def unexplained(report: Report) -> str:
    """The exit code with its reason, where it fails for no row and no finding; else empty."""
    explained = report.findings or any(level(verdict, report) is Level.ERROR for verdict in report.verdicts)
    if report.exit_code == ExitCode.PASSED or explained:
        return ""
    return f"exit {report.exit_code}: {outline.exit_reason(report)}"


def place_of_rule(origin: str, report: Report) -> Place | None:
    """Where an origin (`file:line`) points; None where it names no file."""
    return _place(origin, report.rules_folder)


def place_of_row(verdict: Verdict, report: Report) -> Place | None:
    """Where a row's rule stands, else where its benchmark is defined; None where neither is known."""
    source = report.sources.get(verdict.benchmark.name, "")
    return place_of_rule(verdict.origin, report) or _place(source, "")


def where_limits_stand(report: Report) -> Place:
    """The beginning of the file in which a limit would stand."""
    return Place(str(PurePosixPath(report.rules_folder) / THRESHOLDS), 1)


def _place(origin: str, folder: str) -> Place | None:
    match = ORIGIN.fullmatch(origin)
    return None if match is None else Place(str(PurePosixPath(folder) / match["file"]), int(match["line"]))
