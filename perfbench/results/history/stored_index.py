"""Reading an index: strands put together to series, points in the order of their commits' dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from perfbench.model import BenchmarkId, Better, Metric, Problem
from perfbench.model_history import Series, SeriesEnd, SeriesKey
from perfbench.results.history.columns import Points, joined, unpacked
from perfbench.results.history.database import Database
from perfbench.results.history.loose import Loose
from perfbench.results.history.series_ends import StrandEnd, strand_ends

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STRANDS = (
    "SELECT s.id, s.place, s.name, s.params, s.metric, s.unit, s.better, s.version, p.project, p.machine,"
    " p.environment, p.branch FROM history_strands s JOIN history_places p ON p.id = s.place"
)
_CHUNKS = "SELECT strand, runs, vals, lows, highs FROM history_chunks WHERE strand IN ({marks}) ORDER BY strand, part"
_AT_ONCE = 50
"""So many strands are in memory: 140 MB where each has 100,000 points."""

_PARAMS = msgspec.json.Decoder(tuple[tuple[str, str], ...])
_BETTER = {each.value: each for each in Better}


@dataclass(frozen=True, slots=True)
class Strand:
    """The part of a series that one version of its benchmark measured."""

    number: int
    place: int
    version: str


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """The runs of one place by number, in rising order; `in_order` tells whether their dates rise as well."""

    numbers: NDArray[np.int64]
    dates: NDArray[np.float64]
    hashes: Sequence[str]
    in_order: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Ordered:
    """Points by date: to which strand each belongs, and where its run stands among those of the place."""

    points: Points
    belongs: NDArray[np.intp]
    places: NDArray[np.intp]
    dates: NDArray[np.float64]
    hashes: Sequence[str]


class StoredIndex:
    """An index in a database that has its tables. `notes` are problems of opening it."""

    def __init__(self, database: Database, notes: Sequence[Problem] = ()) -> None:
        self._database = database
        self._notes = notes
        self._runs: dict[int, _Runs] = {}

    def keys(
        self, pattern: str = "*", machine: str | None = None, environment: str | None = None
    ) -> list[SeriesKey]:
        """The series that fit, in order of their names."""
        name, box, place = _fitting(pattern), _fitting(machine or "*"), _fitting(environment or "*")
        found = [
            key
            for key in self._strands
            if (name(str(key.benchmark)) or name(key.benchmark.name))
            and box(key.machine)
            and place(key.environment)
        ]
        return sorted(found, key=_order)

    def series(self, key: SeriesKey) -> Series:
        """The points of one series; none where there is no such series."""
        strands = self._strands_of(key)
        return self._series(key, strands, self._parts([strand.number for strand in strands]))

    def all_series(self, keys: Iterable[SeriesKey] | None = None) -> Iterator[Series]:
        """Every series that has points, by name, or those named; a few in memory at a time."""
        for key, strands, parts in self._stored(list(self.keys() if keys is None else keys)):
            found = self._series(key, strands, parts)
            if len(found):
                yield found

    def ends(self, count: int, keys: Iterable[SeriesKey] | None = None) -> Iterator[SeriesEnd]:
        """The last `count` points of every series, of its newest version alone."""
        wanted = list(self.keys() if keys is None else keys)
        stored = strand_ends(self._database, self._loose, count)
        for key in wanted:
            yield from self._quick_end(key, stored, count) or self._end(key, count)

    def _quick_end(
        self, key: SeriesKey, stored: Mapping[int, StrandEnd], count: int
    ) -> tuple[SeriesEnd, ...]:
        """The end of a series whose points came in the order of their dates, and are all there; else none."""
        strands = self._strands_of(key)
        found = stored.get(strands[0].number) if len(strands) == 1 else None
        if found is None or not found.holds(count):
            return ()
        runs = self._runs_at(strands[0].place)
        places = runs.numbers.searchsorted(found.runs)
        is_whole = runs.in_order and places.max() < len(runs.numbers) and (places[1:] > places[:-1]).all()
        if not is_whole or (runs.numbers[places] != found.runs).any():
            return ()
        commits = [runs.hashes[place] for place in places.tolist()]
        return (SeriesEnd(key, commits, found.values, found.length),)

    def _end(self, key: SeriesKey, count: int) -> Iterator[SeriesEnd]:
        """The same by way of all points of the series."""
        import numpy as np  # noqa: PLC0415

        strands = self._strands_of(key)
        ordered = self._ordered(strands, self._parts([one.number for one in strands]))
        length = len(ordered.points)
        if length:
            others = np.flatnonzero(ordered.belongs != ordered.belongs[-1])
            first = max(length - count, int(others[-1]) + 1 if len(others) else 0)
            commits = [ordered.hashes[place] for place in ordered.places[first:].tolist()]
            yield SeriesEnd(key, commits, ordered.points.values[first:], length)

    def problems(self) -> list[Problem]:
        """What imports could not use, or had to guess."""
        rows = self._database.rows(
            "SELECT path, line, message FROM history_problems ORDER BY path, line, message"
        )
        return [*self._notes, *(Problem(*row) for row in dict.fromkeys(rows))]

    def count(self) -> tuple[int, int]:
        """How many files and how many measured runs there are."""
        ((files, runs),) = self._database.rows(
            "SELECT (SELECT count(*) FROM history_files), (SELECT count(*) FROM history_runs)"
        )
        return files, runs

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    @cached_property
    def _strands(self) -> Mapping[SeriesKey, tuple[Strand, ...]]:
        return _by_key(self._database.rows(f"{_STRANDS} ORDER BY s.id"))

    @cached_property
    def _loose(self) -> Loose:
        return Loose.of(self._database)

    def _strands_of(self, key: SeriesKey) -> tuple[Strand, ...]:
        if "_strands" in self.__dict__:
            return self._strands.get(key, ())
        rows = self._database.rows(f"{_STRANDS} WHERE s.name = ? ORDER BY s.id", (key.benchmark.name,))
        return _by_key(rows).get(key, ())

    def _parts(self, numbers: Sequence[int]) -> dict[int, list[Points]]:
        found: dict[int, list[Points]] = {}
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            statement = _CHUNKS.replace("{marks}", ",".join("?" * len(some)))
            for number, *columns in self._database.stream(statement, some):
                found.setdefault(number, []).append(unpacked(*map(bytes, columns)))
        return found

    def _stored(
        self, wanted: Sequence[SeriesKey]
    ) -> Iterator[tuple[SeriesKey, tuple[Strand, ...], Mapping[int, list[Points]]]]:
        """What is stored of each series, some in memory at a time."""
        for start in range(0, len(wanted), _AT_ONCE):
            strands = {key: self._strands_of(key) for key in wanted[start : start + _AT_ONCE]}
            parts = self._parts([one.number for each in strands.values() for one in each])
            for key, each in strands.items():
                yield key, each, parts

    def _series(self, key: SeriesKey, strands: Sequence[Strand], parts: Mapping[int, list[Points]]) -> Series:
        ordered = self._ordered(strands, parts)
        versions = [one.version for one in strands]
        hashes = ordered.hashes
        return Series(
            key=key,
            commits=[hashes[place] for place in ordered.places.tolist()],
            dates=ordered.dates,
            values=ordered.points.values,
            low=ordered.points.low,
            high=ordered.points.high,
            versions=[versions[number] for number in ordered.belongs.tolist()],
        )

    def _ordered(self, strands: Sequence[Strand], parts: Mapping[int, list[Points]]) -> _Ordered:
        """The living points of all strands together, by date; of one date in the order of their runs."""
        import numpy as np  # noqa: PLC0415

        each = [joined([*parts.get(one.number, ()), *self._loose.points(one.number)]) for one in strands]
        points = joined(each)
        belongs = np.repeat(np.arange(len(each)), [len(part) for part in each])
        runs = (
            self._runs_at(strands[0].place)
            if strands
            else _Runs(np.empty(0, int), np.empty(0), (), in_order=True)
        )
        places = np.searchsorted(runs.numbers, points.runs)
        places = np.minimum(places, max(len(runs.numbers) - 1, 0))
        alive = runs.numbers[places] == points.runs if len(runs.numbers) else np.zeros(len(points), bool)
        if not alive.all():
            points, belongs, places = points.taken(alive), belongs[alive], places[alive]
        dates = runs.dates[places]
        in_order = (dates[1:] >= dates[:-1]).all() and (places[1:] > places[:-1]).all()
        if not in_order:
            order = np.lexsort((points.runs, dates))
            points, belongs, places = points.taken(order), belongs[order], places[order]
            dates = dates[order]
        return _Ordered(points, belongs, places, dates, runs.hashes)

    def _runs_at(self, place: int) -> _Runs:
        import numpy as np  # noqa: PLC0415

        if place not in self._runs:
            rows = self._database.rows(
                "SELECT id, date, hash FROM history_runs WHERE place = ? ORDER BY id", (place,)
            )
            dates = np.array([row[1] for row in rows], dtype=np.float64)
            self._runs[place] = _Runs(
                np.array([row[0] for row in rows], dtype=np.int64),
                dates,
                [row[2] for row in rows],
                bool((dates[1:] >= dates[:-1]).all()),
            )
        return self._runs[place]


def params_of(text: str) -> tuple[tuple[str, str], ...]:
    """The params of a row as the table of strands holds them."""
    return _PARAMS.decode(text) if text else ()


@cache
def metric_of(name: str, unit: str, better: str) -> Metric:
    """The metric of a row of that table."""
    return Metric(name, unit, _BETTER[better])


def _by_key(rows: Iterable[Sequence[Any]]) -> dict[SeriesKey, tuple[Strand, ...]]:
    """Strands by their series; rows as `_STRANDS` gives them."""
    found: dict[SeriesKey, tuple[Strand, ...]] = {}
    for number, place, name, params, metric, unit, better, version, project, *where in rows:
        benchmark = BenchmarkId(project, name, params_of(params))
        key = SeriesKey(benchmark, metric_of(metric, unit, better), *where)
        found[key] = (*found.get(key, ()), Strand(number, place, version))
    return found


def _order(key: SeriesKey) -> tuple[str, ...]:
    benchmark, metric = key.benchmark, key.metric
    return (
        benchmark.suite, str(benchmark), metric.name, metric.unit, key.machine, key.environment, key.branch
    )  # fmt: skip


def _fitting(pattern: str) -> Any:
    """Whether a text fits a shell-style pattern, or is that pattern, for many texts."""
    match = re.compile(translate(pattern)).match
    return (lambda _: True) if pattern == "*" else (lambda text: text == pattern or match(text) is not None)
