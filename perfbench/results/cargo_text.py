"""Reads what `cargo bench` prints: Criterion's lines, and those of Rust's own test harness.

`name  time: [low estimate high]` is Criterion's, `test name ... bench: 1,234 ns/iter (+/- 56)` libtest's.
"""

from __future__ import annotations

import math
import re

from perfbench.model import BenchmarkId, Measurement, Metric, Outcome, Summary
from perfbench.results.document import Document
from perfbench.results.gathering import UNKNOWN, Gathering
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import ResultFile
from perfbench.results.text_lines import numbered
from perfbench.units import SECONDS, parse_quantity

NAME = "cargo bench text"

_TIME = Metric("time", SECONDS)
_CONFIDENCE = 0.95
"""Criterion's own, unless a benchmark chose another; its text does not say."""

_QUANTITY = r"[\d.]+(?:e[+-]?\d{1,3})? (?:[pnuµμm]?s)"
# Both begin with a fixed word and look back for the name: patterns that begin with a name of any length
# take the square of a long line's length.
_CRITERION = re.compile(rf"(?<=[ \t])time:[ \t]+\[({_QUANTITY}) ({_QUANTITY}) ({_QUANTITY})\]", re.ASCII)
_LIBTEST = re.compile(r"(?<= )\.\.\. bench: +([\d,.]+) ns/iter", re.ASCII)
_TESTED = re.compile(r"test (\S+) ")
_FAILED = re.compile(r"^test (\S+) +\.\.\. FAILED")
_BEGINS = re.compile(r"^Benchmarking (.+?)(?:: (?:Warming up|Collecting|Analyzing).*)?$")
_PANIC = re.compile(r"^thread '.*' (?:\(\d+\) )?panicked at |^error: (?:bench|could not|test) ?")
_COLOUR = re.compile(r"\x1b\[[\d;]{0,20}m")
_LONGEST = 2000


def recognises(document: Document) -> bool:
    """Whether a line of the file is a result of Criterion's or libtest's."""
    try:
        if "time:" not in document.text and "... bench:" not in document.text:
            return False
        lines = (_plain(line) for _, line in numbered(document.text))
        return any(_criterion(line) or _libtest(line) for line in lines)
    except MalformedError:
        return False


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`: a summary of each benchmark, since no samples are printed.

    Criterion's is its estimate (slope or mean) with bounds, libtest's the median. What panicked has failed.
    """
    reading = _Reading(Gathering(document.path))
    for number, line in numbered(document.text):
        reading.take(_plain(line), number)
    return reading.gathering.result(complete=reading.complete)


class _Reading:
    """Where in the file we are."""

    def __init__(self, gathering: Gathering) -> None:
        self.gathering = gathering
        self.complete = True
        self._begun = ""
        self._alone = ""

    def take(self, line: str, number: int) -> None:
        """Understand one line; the many that are no results are skipped."""
        if found := _criterion(line):
            # A name that is too long for its column stands on a line of its own.
            name = line[: found.start()].strip() or self._alone or self._begun
            self._criterion(name.strip(), found, number)
            self._begun = ""
        elif bench := _libtest(line):
            self._give(bench[0], Summary(median=_number(bench[1]) / 1e9), number)
        elif found := _FAILED.match(line):
            self._fail(found[1], "its test harness says FAILED")
        elif found := _BEGINS.match(line):
            self._begun = found[1]
        elif _PANIC.match(line):
            self._panic(line, number)
        self._alone = line if line[:1].strip() else ""

    def _criterion(self, name: str, found: re.Match[str], number: int) -> None:
        if not name:
            self.gathering.note("a time without the name of its benchmark", number)
            return
        low, estimate, high = map(_seconds, found.groups())
        self._give(name, Summary(mean=estimate, low=low, high=high, confidence=_CONFIDENCE), number)

    def _give(self, name: str, summary: Summary, number: int) -> None:
        figures = (summary.median, summary.mean, summary.low, summary.high)
        if not all(math.isfinite(figure) for figure in figures if figure is not None):
            self.gathering.note(f"{name}: its time is no finite number", number)
            return
        found = Measurement(BenchmarkId("", name), _TIME, (), UNKNOWN, self.gathering.path, summary)
        self.gathering.take(found, line=number)

    def _panic(self, line: str, number: int) -> None:
        self.gathering.note(line, number)
        if self._begun:
            self._fail(self._begun, line)
            self._begun = ""
        self.complete = False

    def _fail(self, name: str, reason: str) -> None:
        self.gathering.take_outcome(BenchmarkId("", name), Outcome.FAILED, reason)
        self.complete = False


def _criterion(line: str) -> re.Match[str] | None:
    """The three times of a line: its name, if any, stands at the very beginning."""
    found = _CRITERION.search(line)
    indented = line[:1] in " \t" and line[: found.start()].strip() if found else False
    return None if indented else found


def _libtest(line: str) -> tuple[str, str] | None:
    """The name and the nanoseconds of a line."""
    tested, found = _TESTED.match(line), _LIBTEST.search(line)
    return (tested[1], found[1]) if tested and found else None


def _plain(line: str) -> str:
    """What a terminal would show of a line: the text after the last return of its carriage, no colours."""
    shown = line.rpartition("\r")[2][:_LONGEST]
    return _COLOUR.sub("", shown) if "\x1b" in shown else shown


def _seconds(text: str) -> float:
    number, _, unit = text.partition(" ")
    try:
        return float(number) * 1e-12 if unit == "ps" else parse_quantity(text, SECONDS)
    except ValueError:  # `1.2.3 ns`
        return math.nan


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return math.nan
