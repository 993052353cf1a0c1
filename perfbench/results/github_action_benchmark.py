"""Reads what github-action-benchmark keeps: its history (`data.js`, or the same as JSON), and plain lists.

A history holds one value a benchmark and commit; the last commit of each suite is compared with the one
before, as the action itself does.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from perfbench.model import BenchmarkId, Better, Environment, Measurement, Metric, Problem, Summary
from perfbench.results.document import Document
from perfbench.results.foreign_units import metric_of
from perfbench.results.gathering import UNKNOWN, Gathering, UnusableError, moment
from perfbench.results.json_text import Json, MalformedError, parse
from perfbench.results.result_file import (
    HEAD,
    LATEST,
    MAX_PROBLEMS,
    Header,
    ResultFile,
    SideHeader,
    shortened,
    unreadable,
)

NAME = "github-action-benchmark's history or list"

BASE = "base"
"""The side of the last commit before head's."""

_MARK = b"window.BENCHMARK_DATA"
_ASSIGNMENT = re.compile(r"\s*window\.BENCHMARK_DATA\s*=")

_DIRECTIONS = {"customBiggerIsBetter": Better.HIGHER, "customSmallerIsBetter": Better.LOWER}

_MORE = re.compile(r"\s*(\d{1,40}(?:\.\d{1,40})?)\s+(\S.*)")


class _Bench(msgspec.Struct, frozen=True):
    """One value. Its `range` is not read: what that is depends on the tool, and for some its unit is lost."""

    name: str
    value: float
    unit: str = ""


class _Commit(msgspec.Struct, frozen=True):
    id: str
    timestamp: Any = None


class _Entry(msgspec.Struct, frozen=True):
    """One commit of one suite; `date` is in milliseconds since the epoch."""

    commit: _Commit
    date: float
    benches: list[Any]
    tool: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One commit of one suite, with all its rows. Moments are in seconds since the epoch, 0 where unknown."""

    commit: str
    committed: float
    measured: float
    rows: tuple[Measurement, ...]


def recognises(document: Document) -> bool:
    """Whether it is the script that the action's page loads, or such data as JSON."""
    if document.data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_MARK):
        return True
    match document.json_value:
        case {"lastUpdate": _, "entries": dict()}:
            return True
        case [{"name": _, "unit": _, "value": _}, *_]:
            return True
        case _:
            return False


def read(document: Document) -> ResultFile:
    """The last commit of each suite as the side `head`, the last one before it as `base`.

    Rows of a history are called `suite/benchmark`. A plain list is the side `head`, its values better
    when lower, but for rates. The stored value stands as the median, whichever centre the tool chose.
    """
    try:
        parsed = _parsed(document)
    except MalformedError as error:
        return unreadable(document.path, error.message, error.line)
    gathering = Gathering(document.path)
    gathering.note_repeated(parsed.repeated)
    match parsed.value:
        case list(benches):
            _take(benches, gathering)
            return gathering.result()
        case {"entries": dict(entries)}:
            return gathering.result(_history(entries, gathering))
        case _:
            return unreadable(document.path, "has no entries")


def entries_of(document: Document) -> tuple[tuple[Entry, ...], tuple[Problem, ...]] | None:
    """Every entry of a history in the file's order, and what cannot be used; None for a file that is none.

    Raises MalformedError for what is no JSON.
    """
    parsed = _parsed(document)
    match parsed.value:
        case {"entries": dict(suites)}:
            pass
        case _:
            return None
    noted = [f"the key {key!r} stands twice in one object; the last one counts" for key in parsed.repeated]
    found: list[Entry] = []
    for suite, entries in suites.items():
        for number, data in enumerate(entries if isinstance(entries, list) else ()):
            place = f"{suite}[{number}]"
            try:
                entry = msgspec.convert(data, _Entry)
            except msgspec.ValidationError as error:
                noted.append(f"{place}: {error}")
                continue
            one = Gathering(document.path)
            _take(entry.benches, one, suite=suite, tool=entry.tool)
            result = one.result()
            noted += (f"{place}: {problem.message}" for problem in result.problems)
            measured = entry.date / 1e3 if 0 <= entry.date <= LATEST * 1e3 else 0.0
            found.append(Entry(entry.commit.id, moment(entry.commit.timestamp), measured, result.side()))
    problems = (Problem(document.path, None, shortened(message)) for message in noted[:MAX_PROBLEMS])
    return tuple(found), tuple(problems)


def _parsed(document: Document) -> Json:
    script = _ASSIGNMENT.match(document.text)
    return parse(document.text[script.end() :].rstrip(" \t\r\n;")) if script else document.json


def _history(suites: dict[str, object], gathering: Gathering) -> Header:
    """Take the two last commits of every suite, and name the sides by the newest of them."""
    newest: dict[str, _Entry] = {}
    for suite, entries in suites.items():
        for side, entry in _sides(suite, entries, gathering):
            environment = dataclasses.replace(UNKNOWN, commit=entry.commit.id)
            _take(entry.benches, gathering, suite=suite, side=side, tool=entry.tool, environment=environment)
            if side not in newest or entry.date > newest[side].date:
                newest[side] = entry
    sides = {
        side: SideHeader("", commit, False, dataclasses.replace(UNKNOWN, commit=commit))
        for side, commit in ((side, newest[side].commit.id) for side in (BASE, HEAD) if side in newest)
    }
    created = newest[HEAD].date / 1e3 if HEAD in newest else 0.0
    return Header("", created if 0 <= created <= LATEST else 0.0, sides)


def _sides(suite: str, entries: object, gathering: Gathering) -> Iterator[tuple[str, _Entry]]:
    """The last entry of a suite, and the last one before it of another commit."""
    head: _Entry | None = None
    for number, data in reversed(list(enumerate(entries if isinstance(entries, list) else ()))):
        try:
            entry = msgspec.convert(data, _Entry)
        except msgspec.ValidationError as error:
            gathering.note(f"{suite}[{number}]: {error}")
            continue
        if head is None:
            head = entry
            yield HEAD, entry
        elif entry.commit.id != head.commit.id:
            yield BASE, entry
            return


def _take(
    benches: list[Any],
    gathering: Gathering,
    *,
    suite: str = "",
    side: str = HEAD,
    tool: str = "",
    environment: Environment = UNKNOWN,
) -> None:
    for number, data in enumerate(benches):
        try:
            bench = msgspec.convert(data, _Bench)
            benchmark = _benchmark(suite, bench.name)
            for metric, summary in _figures(bench, tool):
                found = Measurement(benchmark, metric, (), environment, gathering.path, summary)
                gathering.take(found, side)
        except (msgspec.ValidationError, UnusableError) as error:
            place = f"{suite}, {side}, benches" if suite else ""
            gathering.note(f"{place}[{number}]: {error}")


def _benchmark(suite: str, name: str) -> BenchmarkId:
    if not name.strip():
        raise UnusableError("has no name")
    return BenchmarkId(suite, f"{suite}/{name.strip()}" if suite else name.strip())


def _figures(bench: _Bench, tool: str) -> Iterator[tuple[Metric, Summary]]:
    """The value; and more of them where the unit goes on, as `ns/op<TAB>4.000 widgets` of Go's does."""
    unit, *others = bench.unit.split("\t")
    found = [(bench.value, unit)]
    found += [(float(more[1]), more[2]) for other in others if (more := _MORE.fullmatch(other))]
    for value, word in found:
        metric, factor = metric_of(word)
        if not math.isfinite(value * factor):
            raise UnusableError("has a value that is not a finite number")
        better = _DIRECTIONS.get(tool, metric.better)
        yield dataclasses.replace(metric, better=better), Summary(value * factor)
