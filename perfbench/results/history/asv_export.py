"""Writes series as a tree of asv's results: one file for each machine, environment and commit.

What asv has no words for is told as a problem: a direction, a second metric of one benchmark, a branch, and a
commit that was measured twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from perfbench.model import BenchmarkId, Better, Problem
from perfbench.model_history import Series
from perfbench.results.asv_benchmarks import FILE as BENCHMARKS_FILE
from perfbench.results.history.keeping import machine_folder
from perfbench.results.history.reading_files import MACHINE_FILE
from perfbench.results.replacing import replace_bytes
from perfbench.units import BYTES, SECONDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COLUMNS = (
    "result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b",
)  # fmt: skip

_TYPES = {("time", SECONDS): "time", ("mem", BYTES): "memory", ("peakmem", BYTES): "peakmemory"}
_SPARSE = 20
"""A table of params that has so many times more places than rows is not written."""


@dataclass(frozen=True, slots=True, eq=False)
class _Benchmark:
    """All rows of one benchmark at one place: values by commit (first axis) and combination of params (second)."""

    name: str
    params: Sequence[Sequence[str]]
    values: Floats
    low: Floats
    high: Floats
    versions: Mapping[int, str]


def write_tree(folder: Path, found: Sequence[Series]) -> tuple[int, list[Problem]]:
    """Write a tree for all series, which have one project; how many files it holds, and what asv cannot.

    Raises PerfbenchError where the folder cannot be written.
    """
    chosen, problems = _fitting(found)
    replace_bytes(folder / BENCHMARKS_FILE, msgspec.json.encode(_described(chosen)))
    files = 0
    by_place: dict[tuple[str, str], list[Series]] = {}
    for series in chosen:
        by_place.setdefault((series.key.machine, series.key.environment), []).append(series)
    for (machine, environment), some in sorted(by_place.items()):
        place = folder / machine_folder(machine)
        replace_bytes(place / MACHINE_FILE, msgspec.json.encode({"machine": machine, "version": 1}))
        for name, content in _files(machine, environment, some, problems):
            replace_bytes(place / name, content)
            files += 1
    return files, problems


def _fitting(found: Sequence[Series]) -> tuple[list[Series], list[Problem]]:
    """The series that asv has words for: of each benchmark one metric and one set of names of params."""
    problems: list[Problem] = []
    kinds: dict[str, tuple[object, ...]] = {}
    chosen: list[Series] = []
    higher = 0
    for series in found:
        key = series.key
        names = tuple(name for name, _ in key.benchmark.params)
        kind = (key.metric.name, key.metric.unit, names)
        if kinds.setdefault(key.benchmark.name, kind) != kind:
            message = "asv has one metric, unit and set of params for a benchmark: this one is left out"
            problems.append(Problem(str(key), None, message))
            continue
        higher += key.metric.better is not Better.LOWER
        chosen.append(series)
    if higher:
        message = f"{higher} series are not better when lower, which asv's files cannot say"
        problems.append(Problem("asv", None, message))
    return chosen, problems


def _described(found: Iterable[Series]) -> dict[str, object]:
    """What `benchmarks.json` says: units, names and values of params."""
    rows: dict[str, list[Series]] = {}
    for series in found:
        rows.setdefault(series.key.benchmark.name, []).append(series)
    described: dict[str, object] = {}
    for name, some in rows.items():
        metric = some[0].key.metric
        described[name] = {
            "code": "",
            "name": name,
            "param_names": [param for param, _ in some[0].key.benchmark.params],
            "params": [
                list(map(_written, values)) for values in _values(each.key.benchmark for each in some)
            ],
            "timeout": 60,
            "type": _TYPES.get((metric.name, metric.unit), "track"),
            "unit": metric.unit,
            "version": next((one.versions[-1] for one in some if len(one) and one.versions[-1]), "1"),
        }
    return {**described, "version": 2}


def _files(
    machine: str, environment: str, found: Sequence[Series], problems: list[Problem]
) -> Iterator[tuple[str, bytes]]:
    """Name and content of the file of each commit."""
    dates: dict[str, float] = {}
    for series in found:
        for commit, date in zip(series.commits, series.dates.tolist(), strict=True):
            dates.setdefault(commit, date)
    numbers = {commit: number for number, commit in enumerate(dates)}
    rows: dict[str, list[Series]] = {}
    for series in found:
        rows.setdefault(series.key.benchmark.name, []).append(series)
    benchmarks = [_table(name, some, numbers, problems) for name, some in sorted(rows.items())]
    names = _file_names(dates, environment)
    for commit, number in numbers.items():
        content = {
            "commit_hash": commit,
            "env_name": environment,
            "date": round(dates[commit] * 1000),
            "params": {"machine": machine},
            "python": "",
            "requirements": {},
            "env_vars": {},
            "result_columns": COLUMNS,
            "results": {each.name: row for each in benchmarks if (row := _row(each, number)) is not None},
            "durations": {},
            "version": 2,
        }
        yield names[commit], msgspec.json.encode(content)


def _table(
    name: str, found: Sequence[Series], numbers: Mapping[str, int], problems: list[Problem]
) -> _Benchmark:
    """One benchmark's rows at one place."""
    import numpy as np  # noqa: PLC0415

    values = _values(series.key.benchmark for series in found)
    if prod(map(len, values)) > _SPARSE * len(found):
        problems.append(Problem(name, None, "has too few of its combinations of params for asv: left out"))
        found, values = [], []
    places = {combination: place for place, combination in enumerate(product(*values))}
    shape = (len(numbers), len(places))
    table, low, high = (np.full(shape, np.nan) for _ in range(3))
    twice = 0
    versions: dict[int, str] = {}
    for series in found:
        column = places[tuple(value for _, value in series.key.benchmark.params)]
        at = np.array([numbers[commit] for commit in series.commits], dtype=np.intp)
        twice += len(at) - len(np.unique(at))
        table[at, column] = series.values
        low[at, column] = series.low
        high[at, column] = series.high
        versions.update(
            (number, version) for number, version in zip(at.tolist(), series.versions, strict=True) if version
        )
    if twice:
        message = f"{twice} points are of a commit that was measured again: asv keeps the last one"
        problems.append(Problem(name, None, message))
    return _Benchmark(name, values, table, low, high, versions)


def _row(benchmark: _Benchmark, number: int) -> list[Any] | None:
    """A benchmark's columns in the file of one commit; None where it has no value there."""
    values = _listed(benchmark.values[number])
    if all(value is None for value in values):
        return None
    low, high = _listed(benchmark.low[number]), _listed(benchmark.high[number])
    row: list[Any] = [
        values,
        [list(map(_written, each)) for each in benchmark.params],
        benchmark.versions.get(number),
        None,
        None,
    ]
    if any(value is not None for value in (*low, *high)):
        row += [low, high]
    return row


def _listed(column: Floats) -> list[float | None]:
    return [value if value == value else None for value in column.tolist()]  # noqa: PLR0124  (NaN is not itself)


def _values(benchmarks: Iterable[BenchmarkId]) -> list[list[str]]:
    """The values of each param, in the order in which they come."""
    columns: list[dict[str, None]] = []
    for benchmark in benchmarks:
        if not columns:
            columns = [{} for _ in benchmark.params]
        for column, (_, value) in zip(columns, benchmark.params, strict=True):
            column[value] = None
    return [list(column) for column in columns]


def _written(value: str) -> str:
    """A param as asv writes it, a `repr`; what needs no quotes to be read back has none."""
    return repr(value) if value[:1] in ("'", '"') else value


def _file_names(commits: Iterable[str], environment: str) -> dict[str, str]:
    """Commit → its file, as asv would call it; with the full hash where the short one is taken."""
    place = machine_folder(environment)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for commit in commits:
        short = commit[:8] if commit[:8] not in taken else commit
        taken.add(short)
        found[commit] = f"{machine_folder(short)}-{place}.json"
    return found
