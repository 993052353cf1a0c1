"""Reading the files of an import, one by one, in this process or in one beside it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from perfbench.errors import PerfbenchError, UsageError
from perfbench.model import Problem
from perfbench.results.asv_benchmarks import Suite
from perfbench.results.document import Document, load
from perfbench.results.history.asv_points import AsvFile, AsvReader
from perfbench.results.history.foreign_points import Bounds, Passing, runs_of
from perfbench.results.history.keeping import HistoryFolder, content_digest, machine_folder
from perfbench.results.history.measured import KeptFile
from perfbench.results.history.row_table import ReadFile, ReadRun, RowTable
from perfbench.results.history.told import Told
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

MACHINE_FILE = "machine.json"

ACTION = "github_action_benchmark"

COPY_SUFFIX = ".new"
"""Ends the name of a copy that has not got its own yet."""


@dataclass(frozen=True, slots=True)
class Source:
    """Files that one thing is told about. `machine` is whose folder they lie in, None where nothing says it.

    `tree` is the kept tree that files of asv's are copied into, None where they stay.
    `files` is where other files are copied to, None where they stay.
    """

    told: Told
    suite: Suite = field(default_factory=Suite)
    machine: str | None = None
    tree: Path | None = None
    files: Path | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read: its number, the source it belongs to, and the digest of what the index has of it."""

    path: str
    source: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read: by which sources, within which history folder, with which statistics."""

    folder: Path
    sources: Mapping[int, Source]
    bounds: Bounds
    passing: Passing = field(default_factory=Passing)


class FileReader:
    """Reads files; the rows of all of them are in `table`."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.table = RowTable()
        self._asv: dict[int, AsvReader] = {}

    def read(self, job: Job) -> ReadFile:
        """One file, kept and understood. Never raises for what is wrong with a file."""
        source = self._reading.sources[job.source]
        path = Path(job.path)
        try:
            facts = path.stat()
            document = load(path)
            digest = f"{source.told.digest}:{content_digest(document.data)}"
            kept = KeptFile("", job.path, facts.st_size, facts.st_mtime_ns, digest)
            if digest == job.digest:
                return ReadFile(job.path, kept, unchanged=True)
            found = self._asv_file(job, source, document, kept)
            return found if found is not None else self._other_file(source, document, kept)
        except MalformedError as error:
            return _unusable(job.path, error.message, error.line)
        except OSError as error:
            return _unusable(job.path, f"cannot be read: {error.strerror or error}")
        except PerfbenchError as error:
            return _unusable(job.path, error.message.removeprefix(f"{job.path} "))

    def _reader(self, job: Job) -> AsvReader:
        if job.source not in self._asv:
            source = self._reading.sources[job.source]
            self._asv[job.source] = AsvReader(self.table, source.suite, source.told)
        return self._asv[job.source]

    def _asv_file(self, job: Job, source: Source, document: Document, kept: KeptFile) -> ReadFile | None:
        """A file of asv's, None for any other. Raises MalformedError where neither reader can tell."""
        if document.data.lstrip()[:1] != b"{" or b'"commit_hash"' not in document.data:
            return None
        found = self._reader(job).read(document)
        if found is None:
            return None
        if source.machine not in (None, found.machine):
            words = (
                f"was measured on {found.machine!r}, and lies in the folder of {source.machine!r}: left out"
            )
            return _unusable(job.path, words)
        if source.tree is None:
            kept = replace(kept, path=_own_path(self._reading.folder, job.path))
            return ReadFile(job.path, kept, (found.run,), found.problems, is_asv=True)
        place = _place(source.tree, found, Path(job.path))
        return ReadFile(
            job.path,
            replace(kept, path=str(place.relative_to(self._reading.folder))),
            (found.run,),
            found.problems,
            is_asv=True,
            overwritten=self._overwritten(job, place, document, found.run),
            copy=_copied(place, document.data, kept),
        )

    def _overwritten(self, job: Job, place: Path, document: Document, run: ReadRun) -> int:
        """How many values of the file that is kept at `place` this one has otherwise."""
        if not place.exists():
            return 0
        before = load(place)
        found = None
        with contextlib.suppress(MalformedError):
            found = self._reader(job).read(before) if before.data != document.data else None
        return _differing(found.run, run) if found else 0

    def _other_file(self, source: Source, document: Document, kept: KeptFile) -> ReadFile:
        from perfbench.results.history.action_points import action_runs  # noqa: PLC0415
        from perfbench.results.reading import FORMATS, what_it_is  # noqa: PLC0415

        kind = next((each for each in FORMATS if each.recognises(document)), None)
        if kind is None:
            return _unusable(document.path, what_it_is(document))
        found = action_runs(document, self.table, source.told) if kind.module == ACTION else None
        if found is None:
            result = kind.read(document)
            reading = self._reading
            found = runs_of(
                document, result, self.table, source.told, bounds=reading.bounds, passing=reading.passing
            )
        runs, problems = found
        if not runs:
            return ReadFile(document.path, None, (), problems)
        folder = self._reading.folder
        if source.files is None:
            kept = replace(kept, path=_own_path(folder, document.path))
            return ReadFile(document.path, kept, runs, problems)
        place = HistoryFolder(folder).place_of(Path(document.path), kept.digest)
        return ReadFile(
            document.path,
            replace(kept, path=str(place.relative_to(folder))),
            runs,
            problems,
            copy=_copied(place, document.data, kept),
            told=msgspec.structs.replace(source.told, source=document.path),
        )


def _place(tree: Path, found: AsvFile, path: Path) -> Path:
    """Where asv itself would have this file in the tree."""
    folder = tree / machine_folder(found.machine)
    if not (folder / MACHINE_FILE).exists():
        beside = path.with_name(MACHINE_FILE)
        plain = msgspec.json.encode({"machine": found.machine, "version": 1})
        _write(folder / MACHINE_FILE, beside.read_bytes() if beside.is_file() else plain)
    return folder / (path.name if path.suffix == ".json" else f"{found.run.commit[:8]}-{path.name}.json")


def _own_path(folder: Path, path: str) -> str:
    """What a file that stays is called: from the history's folder where it lies in it, else in full."""
    return os.path.relpath(path, folder) if Path(path).is_relative_to(folder) else path


def _copied(place: Path, data: bytes, kept: KeptFile) -> str:
    """A copy that gets the name `place` once it is settled that the file counts; it is as old as the file.

    That it is on the disk is not waited for: the file that was imported still is.
    """
    own = content_digest(f"{os.getpid()} {kept.source}".encode())[:12]  # several may want the same name
    temporary = place.with_name(f".{place.name}.{own}{COPY_SUFFIX}")
    _write(temporary, data)
    os.utime(temporary, ns=(kept.modified, kept.modified))
    return str(temporary)


def _write(place: Path, data: bytes) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    except OSError as error:
        with contextlib.suppress(OSError):
            place.unlink()
        raise UsageError(
            f"cannot be copied to {place}: {error.strerror or error}", "free some space"
        ) from error


def _differing(before: ReadRun, after: ReadRun) -> int:
    """How many rows that both have hold another value."""
    old = dict(zip(before.rows.tolist(), before.values.tolist(), strict=True))
    new: Sequence[tuple[int, float]] = list(zip(after.rows.tolist(), after.values.tolist(), strict=True))
    return sum(row in old and old[row] != value for row, value in new)


def _unusable(path: str, message: str, line: int | None = None) -> ReadFile:
    return ReadFile(path, None, (), (Problem(path, line, shortened(message)),))
