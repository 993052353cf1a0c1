"""How grave a row is to tools that know errors, warnings and notes, and where it points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from perfbench.errors import ExitCode
from perfbench.model import Outcome, Report, Verdict
from perfbench.reports.glyphs import FAILED_ELSEWHERE, mark

WHERE_LIMITS_STAND = "thresholds.toml"
"""Where a row that is held to the default would get a limit of its own."""

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


def place(origin: str, report: Report) -> Place | None:
    """Where an origin (`file:line`) points; None where it names no file."""
    match = ORIGIN.fullmatch(origin)
    if match is None:
        return None
    return Place(str(PurePosixPath(report.rules_folder) / match["file"]), int(match["line"]))


def place_or_thresholds(origin: str, report: Report) -> Place:
    """Where an origin points, else the beginning of the file in which limits stand."""
    return place(origin, report) or Place(str(PurePosixPath(report.rules_folder) / WHERE_LIMITS_STAND), 1)
