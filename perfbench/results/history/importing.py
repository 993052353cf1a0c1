"""Bringing results into a history: kept as plain files, indexed, and what could not be used said by name."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from perfbench.model import Problem
from perfbench.results.history.appending import Appender
from perfbench.results.history.database import Database
from perfbench.results.history.foreign_points import Bounds, Passing
from perfbench.results.history.index import open_database
from perfbench.results.history.indexing import Dates, Indexing
from perfbench.results.history.keeping import HistoryFolder, Reference
from perfbench.results.history.reading_files import Reading
from perfbench.results.history.review import review
from perfbench.results.history.state import INTERRUPTED, create, forget, layout_state, state_of
from perfbench.results.history.surveying import ProjectOf, Survey, Surveyed, claim_trees, gone, survey_kept
from perfbench.results.history.told import NOTHING, Told
from perfbench.results.history.workers import read_all

_NO_DATES: Mapping[str, float] = {}


def unbounded(values: Sequence[float]) -> tuple[float, float]:  # noqa: ARG001
    """No bounds at all."""
    return math.nan, math.nan


@dataclass(frozen=True, slots=True)
class Means:
    """What an import needs of other rooms.

    `bounds` gives the interval of a median, `passing` names what of a result file serves the measuring alone,
    `dates` finds commits in git, `project_of` says whose results a folder holds, `waiting` is called before a
    wait for another import. `processes` beside this one read; None chooses by the work.
    """

    bounds: Bounds = unbounded
    passing: Passing = field(default_factory=Passing)
    dates: Dates = lambda _: _NO_DATES
    project_of: ProjectOf = lambda _: ""
    waiting: Callable[[], None] | None = None
    processes: int | None = None


@dataclass(slots=True)
class Imported:
    """What an import did. `files` came in, `replaced` of them in place of older ones; `unchanged` were there."""

    files: int = 0
    replaced: int = 0
    unchanged: int = 0
    unusable: int = 0
    runs: int = 0
    points: int = 0
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)


def import_paths(
    folder: Path,
    url: str | None,
    paths: Sequence[Path],
    *,
    told: Told = NOTHING,
    means: Means | None = None,
    in_place: bool = False,
) -> Imported:
    """Bring files and folders into the history in `folder`, and its index (the shared one at `url`).

    Files that are there already change nothing; one that changed replaces its points. Raises UsageError for a
    path that is not there, PerfbenchError where folder or database cannot be used.
    """
    means = means or Means()
    for path in paths:
        if not path.exists():
            raise gone(path)
    history = HistoryFolder(folder)
    history.make()
    with history.locked(means.waiting):
        rebuilt = _mended(history, url, means)
        survey = Survey(history, told, means.project_of, in_place=in_place)
        for path in paths:
            survey.take(path)
        if in_place:
            history.refer([Reference(str(Path(path).absolute()), told) for path in paths])
        done = _index(history, url, survey.found, means)
        done.problems[:0] = rebuilt
        return done


def rebuild(folder: Path, url: str | None, means: Means | None = None) -> Imported:
    """Build the index again from what the folder keeps. In a shared index other folders' files stay.

    Raises PerfbenchError as `import_paths` does.
    """
    means = means or Means()
    history = HistoryFolder(folder)
    history.make()
    with history.locked(means.waiting):
        _emptied(history, url)
        return _index(history, url, survey_kept(history, means.project_of), means)


def mend(folder: Path, url: str | None, means: Means | None = None) -> list[Problem]:
    """Build the index again if it cannot be read, and say so. Raises PerfbenchError as `import_paths` does."""
    means = means or Means()
    history = HistoryFolder(folder)
    with history.locked(means.waiting):
        return _mended(history, url, means)


def _index(history: HistoryFolder, url: str | None, surveyed: Surveyed, means: Means) -> Imported:
    """Read the files and write what they hold; all of some files at a time, or nothing of them."""
    began = time.monotonic()
    done = Imported(problems=list(surveyed.problems))
    database = open_database(history.path, url)
    with contextlib.closing(database), database.lock("perfbench history"):
        create(database)
        if database.rows("SELECT 1 FROM history_meta WHERE name = ? AND value = ?", (INTERRUPTED, "1")):
            history.sweep()
        _mark(database, "1")
        appender = Appender(database, history.keeper())
        indexing = Indexing(history.path, appender, database, done, means.dates)
        jobs = indexing.jobs(surveyed)
        reading = Reading(history.path, surveyed.sources, means.bounds, means.passing)
        for answer in read_all(reading, jobs, means.processes):
            indexing.take(answer)
        claim_trees(surveyed)
        indexing.finish()
        done.problems += review(database)
        _mark(database, "")
    done.seconds = time.monotonic() - began
    return done


def _mark(database: Database, value: str) -> None:
    """Have the index know that an import is on its way."""
    with database.transaction():
        database.write(
            "INSERT INTO history_meta (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [(INTERRUPTED, value)],
        )


def _mended(history: HistoryFolder, url: str | None, means: Means) -> list[Problem]:
    """Build an index again that cannot be read, and say so; nothing where it can, or where nothing is kept yet."""
    state = state_of(history.path, url)
    if not state:
        return []
    _emptied(history, url)
    kept = survey_kept(history, means.project_of)
    if not kept.files:
        return []
    _index(history, url, kept, means)
    return [Problem(str(history.path), None, f"the index {state}: it was built again from the files")]


def _emptied(history: HistoryFolder, url: str | None) -> None:
    """Take from the index what this folder has given it; the whole of it where nobody else gives."""
    from perfbench.results.history.index import FILE  # noqa: PLC0415

    if not url:
        for name in (FILE, f"{FILE}-journal"):
            with contextlib.suppress(FileNotFoundError):
                (history.path / name).unlink()
        return
    with contextlib.closing(open_database(history.path, url)) as database:
        if layout_state(database):
            forget(database)
            create(database)
            return
        appender = Appender(database, history.keeper())
        for (number,) in database.rows("SELECT id FROM history_files WHERE keeper = ?", (history.keeper(),)):
            appender.forget(number)
        appender.write()
