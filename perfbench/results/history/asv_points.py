"""The points of an asv result file, read as fast as they can be.

A file of asv's current layout in strict JSON is decoded straight into columns, and what a history does not
need (samples, quartiles, durations) is passed over. Anything else is read by the tolerant readers of
`perfbench.results`, which name what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import msgspec

from perfbench.model import Problem
from perfbench.results.asv import MAX_ROWS, moment_of, rows_of
from perfbench.results.asv_benchmarks import Suite
from perfbench.results.asv_layout import LAYOUTS, Columns, benchmarks, columns, layout_of
from perfbench.results.asv_tree import environment_name
from perfbench.results.document import Document
from perfbench.results.gathering import UnusableError
from perfbench.results.history.measured import Place
from perfbench.results.history.row_table import ReadRun, RowTable
from perfbench.results.history.told import Told
from perfbench.results.json_text import MAX_ELEMENTS, MalformedError
from perfbench.results.result_file import MAX_PROBLEMS, shortened

_LAYOUT = 2
_TOO_LARGE = 1e300
_NUMBERS = list[float | None] | None
_WANTED: Mapping[str, tuple[Any, Any]] = {
    "result": (_NUMBERS, None),
    "params": (msgspec.Raw, msgspec.Raw(b"[]")),
    "version": (str | None, None),
    "started_at": (float | None, None),
    "stats_ci_99_a": (_NUMBERS, None),
    "stats_ci_99_b": (_NUMBERS, None),
}
"""The columns that a history needs: what lies in them, and what stands for one that is missing."""

_NO_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b')


class _File(msgspec.Struct):
    """A result file whose results are not looked into yet; `date` in milliseconds since the epoch."""

    commit_hash: str
    params: dict[str, Any]
    results: msgspec.Raw
    result_columns: tuple[str, ...] = ()
    date: float = 0.0
    env_name: str | None = None
    python: str | None = None
    requirements: dict[str, Any] | None = None
    version: int = 0


_FILES = msgspec.json.Decoder(_File)


@dataclass(frozen=True, slots=True, eq=False)
class AsvFile:
    """The one run of a file, and what in it cannot be used. `machine` is what the file itself calls it."""

    run: ReadRun
    problems: Sequence[Problem]
    machine: str


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What a benchmark had in the file before, and the numbers of its rows; None and the reason where it has none."""

    params: msgspec.Raw
    version: str | None
    count: int
    group: Sequence[int] | None
    reason: str


class AsvReader:
    """Reads result files of one suite, whose rows it numbers in `table`. `told` counts instead of the file."""

    def __init__(self, table: RowTable, suite: Suite, told: Told) -> None:
        self._table = table
        self._suite = suite
        self._told = told
        self._columns: tuple[str, ...] = ()
        self._groups: dict[tuple[str, bytes, str, int], list[int] | str] = {}
        self._seen: dict[str, _Seen] = {}

    def read(self, document: Document) -> AsvFile | None:
        """What a file holds; None where it is no file of asv's.

        Raises MalformedError for what looks like one and cannot be read.
        """
        found = self._strict(document)
        return self._tolerant(document) if found is None else found

    def _strict(self, document: Document) -> AsvFile | None:
        data = document.data
        if len(data) > MAX_ELEMENTS and data.count(b",") > MAX_ELEMENTS:
            return None
        if b"NaN" in data or b"Infinity" in data:
            data = _NO_VALUE.sub(_as_null, data)
        try:
            file, results = self._decoded(data)
            if file.version != _LAYOUT or not file.commit_hash:
                return None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        run = _Gathered(document.path)
        moment = 0.0
        seen = self._seen
        for name, row in results.items():
            result = row.result
            if result is None:
                continue  # it failed as a whole
            count = len(result)
            known = seen.get(name)
            # Nearly always the benchmark is as it was in the file before: this loop is what an import waits for.
            if (
                known is None
                or known.params != row.params
                or known.version != row.version
                or known.count != count
            ):
                known = seen[name] = self._as_seen(name, row, count)
            if known.group is None:
                run.note(f"results[{name!r}]: {known.reason}")
                continue
            low, high = row.stats_ci_99_a, row.stats_ci_99_b
            run.rows += known.group
            run.values += result
            run.low += low if low is not None and len(low) == count else (None,) * count
            run.high += high if high is not None and len(high) == count else (None,) * count
            moment = moment or row.started_at or 0.0
        return self._run(run, file, moment)

    def _as_seen(self, name: str, row: Any, count: int) -> _Seen:
        group = self._group(name, bytes(row.params), row.version or "", count)
        params = row.params.copy()
        if isinstance(group, str):
            return _Seen(params, row.version, count, None, group)
        return _Seen(params, row.version, count, group, "")

    def _decoded(self, data: bytes) -> tuple[_File, Mapping[str, Any]]:
        """A file and its results: at once where its columns are those of the file before. Raises as msgspec does."""
        if self._columns:
            with suppress(msgspec.ValidationError):
                whole = _whole(self._columns).decode(data)
                if whole.result_columns == self._columns:
                    return whole, whole.results
        file = _FILES.decode(data)
        results = _results(file.result_columns).decode(file.results)
        self._columns = file.result_columns
        return file, results

    def _tolerant(self, document: Document) -> AsvFile | None:
        content: Any = document.json.value
        match content:
            case {"commit_hash": str(commit), "params": dict(), "results": dict()} if commit:
                pass
            case _:
                return None
        layout = layout_of(content)
        if layout not in LAYOUTS or isinstance(layout, bool):
            raise MalformedError(f"has asv layout {layout!r}; 1 and 2 are read: run asv update")
        try:
            head = msgspec.convert({**content, "results": 0, "result_columns": ()}, _Head)
        except msgspec.ValidationError as error:
            raise MalformedError(f"is a file of asv's with a head that cannot be used: {error}") from error
        run = _Gathered(document.path)
        for key in document.json.repeated:
            run.note(f"the key {key!r} stands twice in one object; the last one counts")
        moment = 0.0
        for name, raw in benchmarks(content, layout):
            try:
                found = columns(raw)
            except UnusableError as error:
                run.note(f"results[{name!r}]: {error}")
                continue
            moment = moment or found.started_at or 0.0
            self._take(run, name, found)
        return self._run(run, head, moment)

    def _take(self, run: _Gathered, name: str, found: Columns) -> None:
        if found.result is None:
            return
        values: list[float | None] = []
        for value in found.result:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number and value is not None:
                run.note(f"results[{name!r}]: {str(value)[:100]!r} is not a number")
            values.append(float(value) if is_number and abs(value) < _TOO_LARGE else None)
        params = msgspec.json.encode(found.params or [])
        group = self._group(name, params, found.version or "", len(values))
        run.take(name, group, values, found.stats_ci_99_a, found.stats_ci_99_b)

    def _run(self, gathered: _Gathered, file: _File | _Head, moment: float) -> AsvFile:
        import numpy as np  # noqa: PLC0415

        told, params = self._told, file.params
        machine = _text(params, "machine")
        environment = told.environment or environment_name(file.env_name, file.python, file.requirements)
        values = np.array(gathered.values, "<f8")
        low, high = np.array(gathered.low, "<f8"), np.array(gathered.high, "<f8")
        rows = np.array(gathered.rows, "<i4")
        usable = np.abs(values) < _TOO_LARGE  # NaN is not
        if not usable.all():
            rows, values, low, high = rows[usable], values[usable], low[usable], high[usable]
        for bound in (low, high):
            bound[~np.isfinite(bound)] = np.nan
        run = ReadRun(
            Place(told.project, told.machine or machine, environment, told.branch),
            file.commit_hash,
            moment_of(file.date) if told.date is None else told.date,
            moment_of(moment),
            _hardware(params),
            rows,
            values,
            low,
            high,
        )
        return AsvFile(run, gathered.problems, machine)

    def _group(self, name: str, params: bytes, version: str, count: int) -> list[int] | str:
        """The numbers of a benchmark's `count` rows in asv's order, or why it has none; by the params' own text."""
        key = (name, params, version, count)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._new_group(name, params, version, count)
        return group

    def _new_group(self, name: str, params: bytes, version: str, count: int) -> list[int] | str:
        described = self._suite.of(name)
        try:
            values = msgspec.json.decode(params or b"[]", type=list[list[str]] | None) or []
        except msgspec.MsgspecError as error:
            return str(error)
        if count > MAX_ROWS:
            return f"has more than {MAX_ROWS} combinations of its params"
        if prod(map(len, values)) != count:  # no row is made that has no value
            return f"{count} results do not fit its params"
        rows = rows_of(name, values, described.param_names)
        return [self._table.number(row, described.metric, version) for row in rows]


class _Head(_File):
    """The head of a file of any layout; its results are read from elsewhere."""

    results: Any = None
    version: Any = 0


class _Gathered:
    """The columns of one file so far."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.rows: list[int] = []
        self.values: list[float | None] = []
        self.low: list[float | None] = []
        self.high: list[float | None] = []
        self.problems: list[Problem] = []

    def note(self, message: str) -> None:
        """Keep a problem; the first hundred will do."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(self.path, None, shortened(message)))

    def take(
        self,
        name: str,
        group: list[int] | str,
        values: Sequence[float | None],
        low: Sequence[float | None] | None,
        high: Sequence[float | None] | None,
    ) -> None:
        """The values of one benchmark, if they fit its rows."""
        count = len(values)
        if isinstance(group, str):
            self.note(f"results[{name!r}]: {group}")
            return
        self.rows += group
        self.values += values
        self.low += low if low is not None and len(low) == count else (None,) * count
        self.high += high if high is not None and len(high) == count else (None,) * count


@lru_cache(maxsize=64)
def _results(names: tuple[str, ...]) -> msgspec.json.Decoder[Mapping[str, Any]]:
    """Reads results whose rows have these columns."""
    return msgspec.json.Decoder(dict[str, _row_type(names)])  # type: ignore[misc]


@lru_cache(maxsize=64)
def _whole(names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Reads a whole file whose rows have these columns."""
    fields: list[Any] = [("results", dict[str, _row_type(names)])]  # type: ignore[misc]
    return msgspec.json.Decoder(msgspec.defstruct("Whole", fields, bases=(_File,)))


@lru_cache(maxsize=64)
def _row_type(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """A row with these columns, of which empty ones may be missing at the end."""
    if len(set(names)) != len(names) or "result" not in names:
        raise msgspec.ValidationError("has columns that asv does not write")
    fields: list[tuple[str, Any, Any]] = [
        (name, *_WANTED[name]) if name in _WANTED else (f"unused{number}", msgspec.Raw, msgspec.Raw())
        for number, name in enumerate(names)
    ]
    fields += [(name, *_WANTED[name]) for name in _WANTED if name not in names]  # beyond every row's end
    return msgspec.defstruct("Row", fields, array_like=True)


def _as_null(match: re.Match[bytes]) -> bytes:
    """A number that is none reads null, which is no point either; texts stay as they are."""
    return match[0] if match[0].startswith(b'"') else b"null"


def _hardware(params: Mapping[str, Any]) -> str:
    """What tells one machine from another whatever it is called; empty where the processor is not known."""
    known = [_text(params, name) for name in ("arch", "cpu", "num_cpu", "ram")]
    return ", ".join(known) if known[1] else ""


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return str(value).strip() if isinstance(value, str | int | float) else ""
