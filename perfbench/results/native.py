"""Reads perfbench's own result file, whatever state an interrupted run, an editor or a merge left it in."""

from __future__ import annotations

import math

import msgspec

from perfbench.model import BenchmarkId, Measurement, Metric, Outcome, Problem, Run, Summary
from perfbench.results import lines
from perfbench.results.document import Document
from perfbench.results.json_text import MAX_ELEMENTS, MalformedError, decode_text, parse
from perfbench.results.result_file import (
    LATEST,
    MAX_PROBLEMS,
    Header,
    ResultFile,
    RowOutcome,
    SideHeader,
    shortened,
    unreadable,
)

NAME = "perfbench's own results (JSON Lines)"

_MARK = f'"{lines.FORMAT}"'.encode()
_MARKED_WITHIN = 4096
_MAX_UNLISTED = 10_000


def recognises(document: Document) -> bool:
    """Whether the file is perfbench's own: its first line says so."""
    start = document.data[:_MARKED_WITHIN].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"{") and _MARK in start


def read(document: Document) -> ResultFile:
    """The whole file; a line that cannot be used is a problem with its number, and the others still count."""
    if document.data.count(b",") > MAX_ELEMENTS:
        return unreadable(document.path, f"holds more than {MAX_ELEMENTS} values")
    reading = _Reading(document.path)
    start = 0
    number = 0
    while start < len(document.data) and not reading.stopped:
        number += 1
        end = document.data.find(b"\n", start)
        whole = end >= 0
        text = document.data[start : end if whole else len(document.data)]
        if text.strip():
            reading.take(number, text, whole=whole)
        start = end + 1 if whole else len(document.data)
    return reading.result()


class _UnusableError(ValueError):
    """Why a line cannot be used."""


class _Reading:
    """What was understood of a file so far."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.stopped = False
        self._header: Header | None = None
        self._rows: dict[int, tuple[BenchmarkId, Metric]] = {}
        self._named: set[tuple[BenchmarkId, Metric]] = set()
        self._runs: dict[tuple[str, int], dict[int, Run]] = {}
        self._summaries: dict[tuple[str, int], Summary] = {}
        self._outcomes: dict[tuple[BenchmarkId, Outcome, tuple[str, ...]], RowOutcome] = {}
        self._problems: list[Problem] = []
        self._unlisted = 0
        self._end: lines.EndLine | None = None

    def take(self, number: int, text: bytes, *, whole: bool) -> None:
        """Understand one line, or note why not; `whole` is False for a last line without an end."""
        try:
            self._take(_line(text, first=self._header is None))
        except _UnusableError as error:
            if whole:
                self._note(number, str(error))
            else:
                self._note(number, "the last line is cut off: the run was interrupted while it wrote")
            # Without a header nothing that follows can be placed.
            self.stopped = self.stopped or self._header is None

    def result(self) -> ResultFile:
        """All that was understood."""
        problems = list(self._problems)
        if self._unlisted:
            problems.append(Problem(self.path, None, f"{self._unlisted} more lines cannot be used"))
        if self._header is None:
            return ResultFile(Header("", 0.0, {}), problems=tuple(problems), complete=False)
        return ResultFile(
            self._header,
            {label: self._measurements(label) for label in self._header.sides},
            tuple(self._outcomes.values()),
            tuple(problems),
            complete=self._end is not None and self._end.complete,
            seconds=self._end.seconds if self._end else None,
            exit_code=self._end.exit_code if self._end else None,
        )

    def _take(self, line: lines.Line) -> None:
        if self._end is not None:
            raise _UnusableError("stands after the end line")
        match line:
            case lines.HeaderLine():
                self._take_header(line)
            case lines.RowLine():
                self._take_row(line)
            case lines.RunLine():
                self._take_run(line)
            case lines.SummaryLine():
                self._take_summary(line)
            case lines.OutcomeLine():
                self._take_outcome(line)
            case lines.EndLine():
                self._end = line

    def _take_header(self, line: lines.HeaderLine) -> None:
        if self._header is not None:
            raise _UnusableError("is a second header: two files were joined; keep them apart")
        sides = {
            label: SideHeader(side.revision, side.commit, side.dirty, side.environment)
            for label, side in line.sides.items()
        }
        self._header = Header(line.title, line.created, sides, line.arguments, line.noise)

    def _take_row(self, line: lines.RowLine) -> None:
        if line.row in self._rows:
            raise _UnusableError(f"row {line.row} is named twice")
        key = (lines.benchmark_of(line), line.metric)
        if key in self._named:
            raise _UnusableError(f"{key[0]} ({line.metric.name}) is named twice")
        self._named.add(key)
        self._rows[line.row] = key

    def _take_run(self, line: lines.RunLine) -> None:
        self._know_side(line.side)
        self._know_row(line.row)
        runs = self._runs.setdefault((line.side, line.row), {})
        if line.round in runs:
            raise _UnusableError(
                f"round {line.round} of {self._rows[line.row][0]} on {line.side} is there already"
            )
        try:
            runs[line.round] = lines.run_of(line)
        except ValueError as error:
            raise _UnusableError(str(error)) from error

    def _take_summary(self, line: lines.SummaryLine) -> None:
        self._know_side(line.side)
        self._know_row(line.row)
        key = (line.side, line.row)
        if key in self._summaries:
            raise _UnusableError(f"the summary of {self._rows[line.row][0]} on {line.side} is there already")
        try:
            self._summaries[key] = lines.summary_of(line)
        except ValueError as error:
            raise _UnusableError(str(error)) from error

    def _take_outcome(self, line: lines.OutcomeLine) -> None:
        benchmark = lines.benchmark_of(line)
        for side in line.sides:
            self._know_side(side)
        key = (benchmark, line.outcome, line.sides)
        if key in self._outcomes:
            raise _UnusableError(f"{benchmark} is {line.outcome.value} twice")
        self._outcomes[key] = RowOutcome(benchmark, line.outcome, line.reason, line.sides)

    def _know_side(self, label: str) -> None:
        if self._header is None or label not in self._header.sides:
            raise _UnusableError(f"the header names no side {label!r}")

    def _know_row(self, row: int) -> None:
        if row not in self._rows:
            raise _UnusableError(f"row {row} has not been named")

    def _measurements(self, label: str) -> tuple[Measurement, ...]:
        assert self._header is not None  # noqa: S101  (result() has looked)
        environment = self._header.sides[label].environment
        origin = f"{self.path} ({label})"
        measurements = []
        for row, (benchmark, metric) in self._rows.items():
            runs = tuple(self._runs.get((label, row), {}).values())
            summary = None if runs else self._summaries.get((label, row))
            if runs or summary is not None:
                measurements.append(Measurement(benchmark, metric, runs, environment, origin, summary))
        return tuple(measurements)

    def _note(self, number: int, message: str) -> None:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Problem(self.path, number, shortened(message)))
            return
        self._unlisted += 1
        if self._unlisted >= _MAX_UNLISTED:
            self._problems.append(Problem(self.path, number, "the rest of the file was not read"))
            self.stopped = True


def _line(text: bytes, *, first: bool) -> lines.Line:
    """One line, typed. Raises _UnusableError."""
    try:
        parsed = parse(decode_text(text))
    except MalformedError as error:
        raise _UnusableError(error.message) from error
    if parsed.repeated:
        raise _UnusableError(f"the key {parsed.repeated[0]!r} stands there twice")
    if first:
        _check_version(parsed.value)
    try:
        line: lines.Line = msgspec.convert(parsed.value, lines.Line)
    except msgspec.ValidationError as error:
        raise _UnusableError(f"is not a line of this format: {error}") from error
    _check_times(line)
    return line


def _check_version(value: object) -> None:
    match value:
        case {"type": "header", "format": lines.FORMAT, "version": int(version)}:
            if version > lines.VERSION:
                raise _UnusableError(
                    f"has format version {version}, this perfbench reads up to {lines.VERSION}; upgrade it"
                )
        case _:
            raise _UnusableError("is not the header line that such a file begins with")


def _check_times(line: lines.Line) -> None:
    moments: tuple[float, ...] = ()
    spans: tuple[float, ...] = ()
    match line:
        case lines.RunLine():
            moments, spans = (line.started,), line.times
        case lines.HeaderLine():
            moments = (line.created,)
        case lines.EndLine():
            spans = (line.seconds,)
        case _:
            pass
    if not all(map(math.isfinite, spans)):
        raise _UnusableError("holds a time that is not a finite number")
    if not all(0 <= moment <= LATEST for moment in moments):
        raise _UnusableError("holds a time that is no date")
