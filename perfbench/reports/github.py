"""What GitHub's Actions read from a step's output: an annotation for each row that matters.

After GitHub's documentation of workflow commands, and actions/toolkit's for their escapes. An annotation
needs no token, so the pull request of a fork gets it too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from perfbench.model import Report
from perfbench.reports import outline
from perfbench.reports.entries import all_entries, gravity, row_name, sentence
from perfbench.reports.levels import Level, Place, level, place_of_row, place_of_rule, unexplained

MOST = 10
"""What GitHub shows of each kind for one step; it drops the others silently."""

SUMMARY_LIMIT = 1 << 20
"""Bytes that a step's summary may have; GitHub drops a longer one."""

COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def render(report: Report) -> str:
    """Workflow commands, a line each, at most ten of a kind; the tenth says how many more there are."""
    found: dict[Level, list[str]] = defaultdict(list)
    for grade, line in _all(report):
        found[grade].append(line)
    return "".join(f"{line}\n" for grade in COMMANDS for line in _ten(COMMANDS[grade], found[grade]))


def _all(report: Report) -> Iterator[tuple[Level, str]]:
    if text := unexplained(report):
        yield Level.ERROR, _command("error", "perfbench", text, None)
    for finding in report.findings:
        where = place_of_rule(finding.origin, report)
        yield Level.ERROR, _command("error", f"perfbench: {finding.kind}", outline.finding(finding), where)
    for verdict, entry in sorted(all_entries(report), key=lambda pair: gravity(pair[0])):
        grade = level(verdict, report)
        if grade in COMMANDS:
            title = f"{entry.outcome}: {row_name(entry)}"
            where = place_of_row(verdict, report)
            yield grade, _command(COMMANDS[grade], title, sentence(entry), where)
    for text in outline.warnings(report):
        yield Level.WARNING, _command("warning", "perfbench", text, None)


def _ten(command: str, lines: list[str]) -> list[str]:
    if len(lines) <= MOST:
        return lines
    rest = f"{len(lines) - MOST + 1} more; the report has them all"
    return [*lines[: MOST - 1], _command(command, "perfbench", rest, None)]


def _command(command: str, title: str, message: str, where: Place | None) -> str:
    properties = {"file": where.path, "line": str(where.line)} if where else {}
    shown = ",".join(f"{key}={_property(value)}" for key, value in {**properties, "title": title}.items())
    return f"::{command} {shown}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
