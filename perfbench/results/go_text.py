"""Reads Go's benchmark text, as `go test -bench` prints it and benchstat reads it.

After the format's specification (https://go.dev/design/14313-benchmark-format) and its `Unit` lines
(https://go.dev/issue/43744).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from perfbench.model import BenchmarkId, Measurement, Outcome, Run
from perfbench.results import go_words
from perfbench.results.document import Document
from perfbench.results.gathering import MAX_ROWS, Gathering, UnusableError
from perfbench.results.go_settings import SOFT, environment_of, side_labels
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import ResultFile
from perfbench.results.text_lines import numbered

NAME = "Go benchmark text"

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?"
_RESULT = re.compile(rf"^Benchmark\S*[ \t]+\d+[ \t]+{_NUMBER}[ \t]+[^\s\d]", re.MULTILINE | re.ASCII)
_REST = re.compile(rf"[ \t]+\d+[ \t]+{_NUMBER}[ \t]+[^\s\d]", re.ASCII)
_PLAIN_NUMBER = re.compile(_NUMBER, re.ASCII)
_COUNT = re.compile(r"\d{1,18}", re.ASCII)
_MOST_LOOPS = 2**53 - 1
_SETTING = re.compile(r"([^\s:]+):(?:[ \t]+(.*)|)$", re.DOTALL)
_ENDED = re.compile(r"\s*--- (FAIL|SKIP): (Benchmark\S*)")
_MAX_SETTINGS = 100
_LONGEST_LINE = 64 * 1024
_MAX_BLOCKS = 10_000


def recognises(document: Document) -> bool:
    """Whether a line of the file is a benchmark result of Go's."""
    try:
        return "Benchmark" in document.text and _RESULT.search(document.text) is not None
    except MalformedError:
        return False


def read(document: Document) -> ResultFile:
    """The whole file; lines that cannot be used are problems with their number, and the others count.

    A line is a sample. Lines of one `go test` process are a run: it ends with `PASS`, or where the next one
    states its settings anew. Where rows come again under another value of a setting, `note: after` for
    instance, the values are the sides of the file; otherwise all of it is the side `head`.
    """
    return read_lines(numbered(document.text), Gathering(document.path))


def read_lines(lines: Iterable[tuple[int, str]], gathering: Gathering) -> ResultFile:
    """The same of numbered lines."""
    reading = _Reading(gathering)
    for number, line in lines:
        reading.take(line, number)
        if reading.stopped:
            break
    reading.give()
    return gathering.result(complete=not reading.failed)


@dataclass(slots=True)
class _Samples:
    """The samples of one row, unit and block of settings, by process."""

    by_process: dict[int, list[float]] = field(default_factory=dict)
    loops: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Broken:
    """A line of which the benchmark's own output has taken the place after the name; the rest may follow."""

    name: str
    instead: str
    line: int


class _Reading:
    """Where in the file we are, and what was read so far."""

    def __init__(self, gathering: Gathering) -> None:
        self.gathering = gathering
        self.failed = False
        self.stopped = False
        self._settings: dict[str, str] = {}
        self._units: dict[str, dict[str, str]] = {}
        self._blocks: dict[frozenset[tuple[str, str]], int] = {}
        self._block: int | None = None
        self._process = 0
        self._fresh = True
        self._encoded = False
        self._broken: _Broken | None = None
        self._failure: int | None = None
        self._names: dict[str, BenchmarkId] = {}
        self._powers: dict[str, int] = {}
        self._samples: dict[tuple[BenchmarkId, str], dict[int, _Samples]] = {}
        self._ended: list[tuple[BenchmarkId, Outcome, int]] = []

    def take(self, line: str, number: int) -> None:
        """Understand one line; what is none of Go's is skipped, as its specification demands."""
        try:
            if len(line) > _LONGEST_LINE:
                raise UnusableError(f"the line is longer than {_LONGEST_LINE} characters")
            if line.startswith("Benchmark"):
                self._give_up_broken()
                self._result(line.split(), number)
            elif self._broken and _REST.match(line):
                self._result([self._broken.name, *line.split()], number)
                self._broken = None
            elif line.startswith("#"):
                self._comment(line)
            elif line.startswith(("Unit ", "Unit\t")):
                self._unit(line.split()[1:])
            elif ended := _ENDED.match(line):
                self._end(ended[1], ended[2])
            elif line.startswith(("PASS", "FAIL", "ok ", "ok\t")):
                self._close(line, number)
            elif line[:1].islower() and (setting := _SETTING.match(line)):
                self._set(setting[1], (setting[2] or "").strip())
        except UnusableError as error:
            self.gathering.note(str(error), number)

    def give(self) -> None:
        """Hand over every measurement and outcome, each to its side."""
        self._give_up_broken()
        if self._failure:
            self.gathering.note("go test did not succeed: FAIL", self._failure)
        blocks = [dict(block) for block in self._blocks]
        labels = side_labels(blocks, map(list, self._samples.values()))
        environments = [environment_of(block) for block in blocks]
        for (benchmark, unit), parts in self._samples.items():
            metric = go_words.metric_of(unit, self._units.get(unit, {}))
            together: dict[str, list[int]] = {}
            for block in parts:
                together.setdefault(labels[block], []).append(block)
            for label, members in together.items():
                runs = tuple(_runs([parts[block] for block in members]))
                environment = environments[members[0]]
                self.gathering.take(
                    Measurement(benchmark, metric, runs, environment, self.gathering.path), label
                )
        for benchmark, outcome, block in self._ended:
            reason = f"go test says {'FAIL' if outcome is Outcome.FAILED else 'SKIP'}"
            self.gathering.take_outcome(benchmark, outcome, reason, labels[block])

    def _result(self, fields: list[str], number: int) -> None:
        if len(fields) == 1:
            return  # `go test -v` says first which benchmark begins
        if not _COUNT.fullmatch(fields[1]):
            self._broken = _Broken(fields[0], fields[1], number)
            return
        if len(fields) < 4 or len(fields) % 2:
            raise UnusableError(f"{fields[0]} has a value without a unit, or none at all")
        benchmark = self._benchmark(fields[0])
        self._fresh = False
        block = self._block_here()
        for text, unit in zip(fields[2::2], fields[3::2], strict=True):
            try:
                value = self._value(text, unit)
            except UnusableError as error:
                self.gathering.note(f"{fields[0]}: {error}", number)
                continue
            samples = self._samples_of((benchmark, unit), block)
            samples.by_process.setdefault(self._process, []).append(value)
            samples.loops.setdefault(self._process, min(max(1, int(fields[1])), _MOST_LOOPS))

    def _samples_of(self, row: tuple[BenchmarkId, str], block: int) -> _Samples:
        parts = self._samples.get(row)
        if parts is None:
            if len(self._samples) >= MAX_ROWS:
                self.stopped = True
                raise UnusableError(f"holds more than {MAX_ROWS} rows; the rest of the file was not read")
            parts = self._samples[row] = {}
        return parts.setdefault(block, _Samples())

    def _give_up_broken(self) -> None:
        if self._broken:
            message = f"{self._broken.name} has no count of iterations, but {self._broken.instead!r}"
            self.gathering.note(message, self._broken.line)
            self._broken = None

    def _benchmark(self, name: str) -> BenchmarkId:
        if name not in self._names:
            _keep_small(self._names)
            package, suite = self._settings.get("pkg", ""), self._settings.get("suite", "")
            self._names[name] = go_words.benchmark_of(name, package, suite, encoded=self._encoded)
        return self._names[name]

    def _value(self, text: str, unit: str) -> float:
        if unit not in self._powers:
            _keep_small(self._powers)
            base_unit = go_words.metric_of(unit, self._units.get(unit, {})).unit
            self._powers[unit] = go_words.power(unit, base_unit)
        value = go_words.number(text, self._powers[unit]) if _PLAIN_NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            raise UnusableError(f"{text!r} is not a finite number")
        return value

    def _comment(self, line: str) -> None:
        if line == go_words.MARK:
            self._encoded = True
            self._names.clear()
            return
        key, _, value = line[1:].strip().partition(":")
        if self._encoded and key in SOFT:
            self._set(f"#{key}", value.strip())

    def _unit(self, fields: list[str]) -> None:
        if not fields:
            raise UnusableError("a Unit line names no unit")
        self._powers.clear()
        known = self._units.setdefault(fields[0], {})
        for fact in fields[1:]:
            key, equals, value = fact.partition("=")
            if not key or not equals:
                raise UnusableError(f"the Unit line of {fields[0]} has {fact!r} where key=value belongs")
            if known.setdefault(key, value) != value:
                raise UnusableError(f"{key} of {fields[0]} is {known[key]} already, not {value}")

    def _end(self, how: str, name: str) -> None:
        outcome = Outcome.FAILED if how == "FAIL" else Outcome.SKIPPED
        if len(self._ended) < MAX_ROWS:
            self._ended.append((self._benchmark(name), outcome, self._block_here()))

    def _close(self, line: str, number: int) -> None:
        """The end of a process; `FAIL` alone is followed by one with the package, if `go test` printed it."""
        words = line.split()
        if words[0] == "FAIL":
            self.failed = True
            self._failure = number if len(words) == 1 else None
            if len(words) > 1:
                self.gathering.note(f"go test did not succeed: FAIL {words[1]}", number)
        self._next_process()

    def _set(self, key: str, value: str) -> None:
        """A setting holds until it is stated anew; one after results begins the next process."""
        if any(character.isupper() for character in key):
            return
        self._next_process()
        self._block = None
        self._names.clear()
        if not value:
            self._settings.pop(key, None)
        elif key in self._settings or len(self._settings) < _MAX_SETTINGS:
            self._settings[key] = value
        else:
            raise UnusableError(f"{key} is left out: {_MAX_SETTINGS} settings are read")

    def _next_process(self) -> None:
        if not self._fresh:
            self._process += 1
            self._fresh = True

    def _block_here(self) -> int:
        if self._block is None:
            if len(self._blocks) >= _MAX_BLOCKS:
                self.stopped = True
                raise UnusableError("the settings have changed too often; the rest of the file was not read")
            identity = frozenset(self._settings.items())
            self._block = self._blocks.setdefault(identity, len(self._blocks))
        return self._block


def _keep_small(known: dict[str, Any]) -> None:
    """Forget what was looked up before it fills the memory."""
    if len(known) >= MAX_ROWS:
        known.clear()


def _runs(parts: list[_Samples]) -> Iterator[Run]:
    """The processes in the order of the file, numbered from 0."""
    found = {process: part for part in parts for process in part.by_process}
    for number, process in enumerate(sorted(found)):
        part = found[process]
        yield Run(tuple(part.by_process[process]), number, 0.0, loops=part.loops[process])
