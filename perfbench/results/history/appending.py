"""Writing into an index: files with their runs and points, all of some files in one transaction.

Points of an import of many runs become chunks at once. Those of a few runs are kept loose, in one row for all
strands, and are put into chunks when there are enough of them: a row for each strand and run would be rewritten
ten thousand times a night.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from perfbench.model import BenchmarkId, Metric, Problem
from perfbench.results.history.columns import NUMBER, Points, joined, unpacked
from perfbench.results.history.database import Database
from perfbench.results.history.loose import Loose
from perfbench.results.history.measured import KeptFile, Place

if TYPE_CHECKING:
    from perfbench.results.history.columns import Numbers

BULK = 8
"""Points for each strand from which on an import writes chunks at once."""

HELD = 1_500_000
"""So many points are gathered before they are written: some 60 MB with what is needed to sort them."""

LOOSE_RUNS, LOOSE_POINTS = 64, 1_000_000
"""As soon as there is one of them, loose points become chunks."""

SMALL = 512
"""A chunk of fewer points is joined with what is added to its strand."""

_COUNTERS = ("file", "place", "run", "strand", "part", "loose")
_INSERT_CHUNK = "INSERT INTO history_chunks (strand, part, runs, vals, lows, highs) VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_LOOSE = "INSERT INTO history_loose (id, strands, runs, vals, lows, highs) VALUES (?, ?, ?, ?, ?, ?)"

StrandKey = tuple[int, BenchmarkId, Metric, str]
"""Place, row, metric and the benchmark's version."""


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """Points that wait to be written."""

    strands: Numbers
    points: Points


@dataclass(slots=True)
class _Waiting:
    """What has been told since the last writing."""

    files: list[tuple[object, ...]] = field(default_factory=list)
    places: list[tuple[object, ...]] = field(default_factory=list)
    runs: list[tuple[object, ...]] = field(default_factory=list)
    strands: list[tuple[object, ...]] = field(default_factory=list)
    problems: list[tuple[object, ...]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    touched: list[tuple[int, int, int]] = field(default_factory=list)
    recovered: list[tuple[str]] = field(default_factory=list)
    held: list[_Held] = field(default_factory=list)
    count: int = 0


class Appender:
    """Adds to the index in a database, for one process at a time (`keeping.lock`)."""

    def __init__(self, database: Database, keeper: str) -> None:
        self._database = database
        self.keeper = keeper
        rows: dict[str, str] = dict(database.rows("SELECT name, value FROM history_meta"))
        self._next = {name: int(rows.get(name, "1")) for name in _COUNTERS}
        self._places: dict[Place, tuple[int, str]] = {
            Place(*row[1:5]): (row[0], row[5])
            for row in database.rows(
                "SELECT id, project, machine, environment, branch, hardware FROM history_places"
            )
        }
        self._strands = dict(_stored_strands(database))
        self._waiting = _Waiting()

    def file(self, kept: KeptFile) -> int:
        """The number of a file whose runs come next; one of the same path has to go first."""
        number = self._number("file")
        self._waiting.files.append(
            (number, self.keeper, kept.path, kept.source, kept.size, kept.modified, kept.digest)
        )
        return number

    def forget(self, number: int) -> None:
        """Have a file go, with all its points."""
        self._waiting.gone.append(number)

    def touched(self, number: int, kept: KeptFile) -> None:
        """Keep in mind that a file is as it was although its time or size is not."""
        self._waiting.touched.append((kept.size, kept.modified, number))

    def recovered(self, path: str) -> None:
        """Have what was wrong with a file that could not be used go: it is read again."""
        self._waiting.recovered.append((path,))

    def place(self, place: Place, hardware: str) -> int:
        """The number of a machine, environment and branch of a project."""
        number, known = self._places.get(place, (0, ""))
        if not number or (hardware and hardware != known):
            number = number or self._number("place")
            self._places[place] = (number, hardware or known)
            self._waiting.places.append(
                (number, place.project, place.machine, place.environment, place.branch, hardware)
            )
        return number

    def run(self, file: int, place: int, commit: str, date: float) -> int:
        """The number of a run: what one file holds of one commit at one place."""
        number = self._number("run")
        self._waiting.runs.append((number, file, place, commit, date))
        return number

    def strand(self, place: int, benchmark: BenchmarkId, metric: Metric, version: str) -> int:
        """The number of a strand."""
        key = (place, BenchmarkId("", benchmark.name, benchmark.params), metric, version)
        number = self._strands.get(key, 0)
        if not number:
            number = self._strands[key] = self._number("strand")
            params = msgspec.json.encode(benchmark.params).decode() if benchmark.params else ""
            self._waiting.strands.append(
                (
                    number,
                    place,
                    benchmark.name,
                    params,
                    metric.name,
                    metric.unit,
                    metric.better.value,
                    version,
                )
            )
        return number

    def points(self, strands: Numbers, points: Points) -> None:
        """Points of several strands, a strand's number for each."""
        if len(points):
            self._waiting.held.append(_Held(strands, points))
            self._waiting.count += len(points)

    def note(self, file: int, problems: Iterable[Problem]) -> None:
        """Problems of a file; they go with it. 0 is none."""
        self._waiting.problems += ((file, each.path, each.line, each.message) for each in problems)

    @property
    def is_full(self) -> bool:
        """Whether it is time to write."""
        return self._waiting.count >= HELD

    def write(self) -> None:
        """Write all that was told since the last time, all of it or nothing."""
        waiting, self._waiting = self._waiting, _Waiting()
        write = self._database.write
        with self._database.transaction():
            write("DELETE FROM history_problems WHERE file = 0 AND path = ?", waiting.recovered)
            write("UPDATE history_files SET size = ?, modified = ? WHERE id = ?", waiting.touched)
            gone = [(old,) for old in waiting.gone]
            write("DELETE FROM history_runs WHERE file = ?", gone)
            write("DELETE FROM history_problems WHERE file = ?", gone)
            write("DELETE FROM history_files WHERE id = ?", gone)
            write("INSERT INTO history_files VALUES (?, ?, ?, ?, ?, ?, ?)", waiting.files)
            write(
                "INSERT INTO history_places VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET hardware = excluded.hardware",
                waiting.places,
            )
            write("INSERT INTO history_runs VALUES (?, ?, ?, ?, ?)", waiting.runs)
            write("INSERT INTO history_strands VALUES (?, ?, ?, ?, ?, ?, ?, ?)", waiting.strands)
            write("INSERT INTO history_problems VALUES (?, ?, ?, ?)", waiting.problems)
            self._store(waiting.held)
            self._compact()
            write(
                "INSERT INTO history_meta (name, value) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [(name, str(number)) for name, number in self._next.items()],
            )

    def _number(self, counter: str) -> int:
        """The next number; none is ever given twice, so that points of what has gone stay without a run."""
        number = self._next[counter]
        self._next[counter] = number + 1
        return number

    def _store(self, held: Sequence[_Held]) -> None:
        import numpy as np  # noqa: PLC0415

        if not held:
            return
        strands = np.concatenate([each.strands for each in held]).astype(NUMBER, copy=False)
        points = joined([each.points for each in held])
        if len(strands) < BULK * len(np.unique(strands)):
            columns = points.packed()
            self._database.write(_INSERT_LOOSE, [(self._number("loose"), strands.tobytes(), *columns)])
            return
        order = np.argsort(strands, kind="stable")
        self._chunks(strands[order], points.taken(order))

    def _chunks(self, strands: Numbers, points: Points) -> None:
        """A new chunk for each strand; `strands` are in order."""
        part = self._number("part")
        rows = ((strand, part, *some.packed()) for strand, some in _split(strands, points))
        self._database.write(_INSERT_CHUNK, rows)

    def _compact(self) -> None:
        """Put the loose points into chunks, if there are enough; small chunks are written anew with them."""
        sizes = self._database.rows("SELECT length(strands) FROM history_loose")
        count = sum(size for (size,) in sizes) // 4
        if len(sizes) < LOOSE_RUNS and count < LOOSE_POINTS:
            return
        loose = Loose.of(self._database)
        part = self._number("part")
        small, rows = list[tuple[int, int]](), list[tuple[object, ...]]()
        for strand, some in _split(loose.strands, loose.all):
            before = self._database.rows(
                "SELECT part, runs, vals, lows, highs FROM history_chunks WHERE strand = ? AND length(runs) < ?",
                (strand, SMALL * 4),
            )
            small += ((strand, old) for old, *_ in before)
            merged = joined([*(unpacked(*map(bytes, columns)) for _, *columns in before), some])
            rows.append((strand, part, *merged.packed()))
        self._database.write("DELETE FROM history_chunks WHERE strand = ? AND part = ?", small)
        self._database.write(_INSERT_CHUNK, rows)
        self._database.rows("DELETE FROM history_loose")


def _stored_strands(database: Database) -> Iterator[tuple[StrandKey, int]]:
    from perfbench.results.history.stored_index import metric_of, params_of  # noqa: PLC0415

    for number, place, name, params, *metric, version in database.rows(
        "SELECT id, place, name, params, metric, unit, better, version FROM history_strands"
    ):
        yield (place, BenchmarkId("", name, params_of(params)), metric_of(*metric), version), number


def _split(strands: Numbers, points: Points) -> Iterator[tuple[int, Points]]:
    """The points of each strand; `strands` are in order."""
    import numpy as np  # noqa: PLC0415

    if not len(strands):
        return
    starts = np.flatnonzero(np.concatenate(([True], strands[1:] != strands[:-1])))
    ends = np.append(starts[1:], len(strands))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        yield int(strands[start]), points.taken(slice(start, end))
