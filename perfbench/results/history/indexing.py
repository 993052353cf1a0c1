"""From files that were read to an index: what is new, what is there already, what contradicts what."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.model import Problem
from perfbench.results.history.appending import Appender
from perfbench.results.history.columns import Points
from perfbench.results.history.database import Database
from perfbench.results.history.keeping import TOLD_SUFFIX, keep_told
from perfbench.results.history.measured import KeptFile
from perfbench.results.history.reading_files import Job
from perfbench.results.history.row_table import ReadFile, ReadRun, Row
from perfbench.results.history.surveying import Surveyed
from perfbench.results.history.workers import Answer

if TYPE_CHECKING:
    from perfbench.results.history.columns import Numbers
    from perfbench.results.history.importing import Imported

Dates = Callable[[Iterable[str]], Mapping[str, float]]
"""The dates of those commits that git knows, in seconds since the epoch."""

_Key = tuple[int, str]
"""Number of a place, and a commit."""


class Indexing:
    """Takes what was read into the index, in the order of the files, and counts in `done` what became of it."""

    def __init__(
        self, folder: Path, appender: Appender, database: Database, done: Imported, dates: Dates
    ) -> None:
        self._folder = folder
        self._appender = appender
        self._done = done
        self._dates = dates
        self._by_source: dict[str, tuple[int, str, str, int, int]] = {}
        self._digests: dict[str, str] = {}
        for number, owner, path, source, size, modified, digest in database.rows(
            "SELECT id, keeper, path, source, size, modified, digest FROM history_files"
        ):
            self._digests[digest] = ""
            if owner == appender.keeper:
                self._by_source[source] = (number, path, digest, size, modified)
        self._paths = {path: number for number, path, *_ in self._by_source.values()}
        self._taken: dict[_Key, str] = {
            (place, commit): path
            for place, commit, path in database.rows(
                "SELECT r.place, r.hash, f.path FROM history_runs r JOIN history_files f ON f.id = r.file"
            )
        }
        self._unusable = {
            path for (path,) in database.rows("SELECT path FROM history_problems WHERE file = 0")
        }
        self._came_now: dict[_Key, str] = {}
        self._rows: dict[int, list[Row]] = {}
        self._strands: dict[tuple[int, int], Numbers] = {}
        self._again: list[tuple[str, str]] = []
        self._stale: list[Path] = []

    def jobs(self, surveyed: Surveyed) -> list[Job]:
        """What has to be read: not files that are as they were, by size and time, if the same is told of them."""
        jobs = []
        for path, number in surveyed.files:
            _, _, digest, size, modified = self._by_source.get(path, (0, "", "", -1, -1))
            told = surveyed.sources[number].told.digest
            if digest.startswith(f"{told}:") and _is_as_it_was(path, size, modified):
                self._done.unchanged += 1
            else:
                jobs.append(Job(path, number, digest))
                if path in self._unusable:
                    self._appender.recovered(path)
        return jobs

    def take(self, answer: Answer) -> None:
        """The files of one answer."""
        self._rows.setdefault(answer.worker, []).extend(answer.rows)
        for file in answer.files:
            self._take(answer.worker, file)
            if self._appender.is_full:
                self._appender.write()

    def finish(self) -> None:
        """Write what is left."""
        if self._again:
            first, other = self._again[0]
            count = len(self._again)
            message = (
                f"measures a commit that {other} has measured at the same place: both stand in the series"
                + (f" ({count} such files)" if count > 1 else "")
            )
            self._note(0, [Problem(first, None, message)])
        self._appender.write()
        for path in self._stale:
            _unlink(str(path))
            _unlink(f"{path}{TOLD_SUFFIX}")

    def _take(self, worker: int, file: ReadFile) -> None:
        kept = file.kept
        if kept is None:
            self._done.unusable += 1
            self._note(0, file.problems)
        elif file.unchanged or kept.digest in self._digests:
            self._unchanged(file, kept)
        elif (clash := self._clash(file)) and file.is_asv:
            _unlink(file.copy)
            self._done.unusable += 1
            self._note(0, [Problem(file.path, None, clash)])
        else:
            if clash:
                self._again.append((file.path, clash))
            self._settle(file, kept)
            self._put(worker, file, kept)

    def _unchanged(self, file: ReadFile, kept: KeptFile) -> None:
        """The index has the content; if it came twice in one import, that is said."""
        _unlink(file.copy)
        self._done.unchanged += 1
        twin = self._digests.get(kept.digest, "")
        if twin and twin != file.path:
            self._note(0, [Problem(file.path, None, f"holds the same as {twin}: left out")])
        elif file.unchanged:
            self._appender.touched(self._by_source[file.path][0], kept)

    def _clash(self, file: ReadFile) -> str:
        """What other file measured one of its commits at the same place: for asv, which has one, a sentence."""
        for run in file.runs:
            key = (self._place(run), run.commit)
            kept = self._taken.get(key)
            own = file.kept is not None and kept == file.kept.path
            other = self._came_now.get(key) or (None if own or kept == self._superseded(file) else kept)
            if other is not None and not file.is_asv:
                return other
            if other is not None:
                where = f"{run.commit[:8]}/{run.place.machine}/{run.place.environment}"
                return f"{where} was measured in {other} already, with other values; the first counts"
        return ""

    def _superseded(self, file: ReadFile) -> str | None:
        """The kept file of the same source, if this one holds every commit and place that it does."""
        old = self._by_source.get(file.path)
        if old is None:
            return None
        ours = {(self._place(run), run.commit) for run in file.runs}
        covered = all(key in ours for key, kept in self._taken.items() if kept == old[1])
        return old[1] if covered else None

    def _settle(self, file: ReadFile, kept: KeptFile) -> None:
        """Have the points go that this file's stand for now, and give the copy its name."""
        superseded = self._superseded(file)
        for path in {kept.path, superseded or ""} & self._paths.keys():
            self._appender.forget(self._paths.pop(path))
            self._done.replaced += 1
        if file.copy:
            place = self._folder / kept.path
            if file.told is not None:
                keep_told(place, file.told)
            os.replace(file.copy, place)  # noqa: PTH105  (done for each of many files)
            if superseded and superseded != kept.path and not os.path.isabs(superseded):  # noqa: PTH117
                self._stale.append(self._folder / superseded)

    def _put(self, worker: int, file: ReadFile, kept: KeptFile) -> None:
        import numpy as np  # noqa: PLC0415

        number = self._appender.file(kept)
        self._digests[kept.digest] = file.path
        self._paths[kept.path] = number
        problems = list(file.problems)
        for run in file.runs:
            place = self._place(run)
            date, said = self._date(file, run)
            problems += [Problem(file.path, None, said)] if said else []
            self._came_now[place, run.commit] = file.path
            strands = self._numbers(worker, place, run)
            runs = np.full(len(strands), self._appender.run(number, place, run.commit, date), "<i4")
            self._appender.points(strands, Points(runs, run.values, run.low, run.high))
            self._done.points += len(strands)
        if file.overwritten:
            words = f"holds {file.overwritten} other values than were imported before: these count"
            problems.append(Problem(file.path, None, words))
        self._note(number, problems)
        self._done.files += 1
        self._done.runs += len(file.runs)

    def _place(self, run: ReadRun) -> int:
        return self._appender.place(run.place, run.hardware)

    def _numbers(self, worker: int, place: int, run: ReadRun) -> Numbers:
        """The strands of a run's rows; looked up all at once, made where they are new."""
        import numpy as np  # noqa: PLC0415

        rows = self._rows[worker]
        known = self._strands.get((worker, place))
        if known is None or len(known) < len(rows):
            grown = np.zeros(len(rows), "<i4")
            if known is not None:
                grown[: len(known)] = known
            known = self._strands[worker, place] = grown
        strands: Numbers = known[run.rows]
        if not strands.all():
            for row in np.unique(run.rows[strands == 0]).tolist():
                known[row] = self._appender.strand(place, *rows[row])
            strands = known[run.rows]
        return strands

    def _date(self, file: ReadFile, run: ReadRun) -> tuple[float, str]:
        """The date of a commit, and what there is to say about where it comes from."""
        if run.date:
            return run.date, ""
        found = self._dates([run.commit]).get(run.commit, 0.0)
        if found:
            return found, ""
        if run.moment:
            return run.moment, f"does not tell the date of {run.commit[:8]}: that of its measurement counts"
        return _modified(file.path), f"does not tell the date of {run.commit[:8]}: the file's own time counts"

    def _note(self, number: int, problems: Iterable[Problem]) -> None:
        found = list(problems)
        self._appender.note(number, found)
        self._done.problems += found


def _is_as_it_was(path: str, size: int, modified: int) -> bool:
    try:
        facts = os.stat(path)  # noqa: PTH116  (asked of each of many files)
    except OSError:
        return False
    return (facts.st_size, facts.st_mtime_ns) == (size, modified)


def _modified(path: str) -> float:
    """When a file was last written, in seconds since the epoch."""
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0


def _unlink(path: str) -> None:
    with contextlib.suppress(OSError):
        if path:
            os.unlink(path)  # noqa: PTH108  (of many files)
