"""A folder of asv's results: `benchmarks.json`, and below it a folder for each machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from perfbench.errors import UsageError
from perfbench.model import Problem
from perfbench.results import asv
from perfbench.results.asv_benchmarks import FILE, Suite, read_suite
from perfbench.results.document import Document, load
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import MAX_PROBLEMS, ResultFile, shortened, unreadable
from perfbench.results.uncollected import uncollected

FOLDER_NAME = "asv results"

MACHINE_FILE = "machine.json"

MAX_FILES = 50_000
"""A tree may have so many files."""

MAX_BYTES = 2 * 1024**3
"""All files of a tree may have, and unpack to, this much; they are read one by one."""

_BOUNDS = f"{MAX_FILES} files, or {MAX_BYTES // 1024**3} GiB"
_NO_RESULTS = "is no result file of asv"
_SUFFIX = ".json"
_NAMED = 5


class _Head(msgspec.Struct):
    """What tells which run a file is of; the results themselves are passed over."""

    commit_hash: str
    params: dict[str, Any]
    date: float = 0.0
    env_name: str | None = None
    python: str | None = None
    requirements: dict[str, Any] | None = None


_HEADS = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One file of a tree. `date` is that of the commit, in seconds since the epoch."""

    machine: str
    commit: str
    environment: str
    date: float
    path: Path

    def __str__(self) -> str:
        return f"{self.commit[:8]}/{self.machine}/{self.environment}"


@dataclass(frozen=True)
class Tree:
    """A folder of asv's results: its runs, the oldest commit first, and the files that are none."""

    folder: Path
    runs: tuple[StoredRun, ...]
    problems: tuple[Problem, ...]

    @cached_property
    def suite(self) -> Suite:
        """The folder's `benchmarks.json`."""
        return read_suite(self.folder)

    def result(self, run: StoredRun) -> ResultFile:
        """The measurements of one run. Raises UsageError when its file has gone or cannot be opened."""
        with uncollected():
            document = load(run.path)
            if not asv.recognises(document):
                return unreadable(document.path, _NO_RESULTS)
            return asv.read(document, self.suite)

    def results(self) -> Iterator[tuple[StoredRun, ResultFile]]:
        """All runs, one in memory at a time."""
        for run in self.runs:
            yield run, self.result(run)

    def find(self, part: str) -> StoredRun:
        """The run that `commit/machine/environment` names, each of them by its beginning or not at all.

        Raises UsageError where there is none, or more than one.
        """
        commit, machine, environment = (*part.split("/", 2), "", "")[:3]
        found = [run for run in self.runs if run.commit.startswith(commit)]
        for name, wanted in (("machine", machine), ("environment", environment)):
            exact = [run for run in found if getattr(run, name) == wanted]
            found = exact or [run for run in found if getattr(run, name).startswith(wanted)]
        if not found:
            newest = f"its newest is {self.folder}@{self.runs[-1]}" if self.runs else "it holds no run at all"
            raise UsageError(f"{self.folder} holds no run {part!r}", newest)
        if len(found) > 1:
            raise UsageError(self._several(found, part), f"name one: {self.folder}@{found[-1]}")
        return found[0]

    def _several(self, found: list[StoredRun], part: str) -> str:
        """In what the runs found differ: commits, machines or environments."""
        place = f"{self.folder}@{part}" if part else f"{self.folder}"
        for words, names in (
            ("commits", [run.commit[:8] for run in found]),
            ("machines", [run.machine for run in found]),
            ("environments", [run.environment for run in found]),
        ):
            different = list(dict.fromkeys(names))
            if len(different) > 1:
                shown = ", ".join(different[:_NAMED]) + (", …" if len(different) > _NAMED else "")
                return f"{place} could be {len(different)} {words}: {shown}"
        return f"{place} could be {len(found)} runs"


def recognises_folder(folder: Path) -> bool:
    """Whether a machine described by asv has its results there: some `machine.json` says so."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MAX_FILES)]
    except OSError:
        return False
    return any(_machine(folder / name) is not None for name in ("", *names))


def read_folder(folder: Path, part: str) -> ResultFile:
    """The run `part` of a tree: `commit`, `commit/machine` or `commit/machine/environment`.

    Beginnings will do. Raises UsageError where they name no run, or more than one.
    """
    tree = survey(folder)
    result = tree.result(tree.find(part))
    return replace(result, problems=(*result.problems, *tree.suite.problems, *_left_out(tree)))


def survey(folder: Path) -> Tree:
    """What a folder of results holds. A folder of one machine's results is one as well.

    Links are not followed, and what has no `machine.json`, or another machine's name in it, is left out,
    as asv does.
    """
    surveying = _Surveying()
    alone = _machine(folder)
    for path in [folder] if alone is not None else surveying.entries(folder, folders=True):
        machine = _machine(path)
        if machine is not None:
            for file in surveying.entries(path, folders=False):
                surveying.take(file, machine)
    runs = sorted(surveying.runs.values(), key=lambda run: (run.date, str(run)))
    return Tree(folder if alone is None else folder.absolute().parent, tuple(runs), tuple(surveying.problems))


def _left_out(tree: Tree) -> Iterator[Problem]:
    """All that cannot be used of the rest of a tree, as one problem."""
    if tree.problems:
        first = tree.problems[0]
        more = f" (and {len(tree.problems) - 1} more like it)" if len(tree.problems) > 1 else ""
        yield replace(first, message=f"{first.message}{more}")


class _Surveying:
    """What was found in a tree so far, within its bounds."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str, str], StoredRun] = {}
        self.problems: list[Problem] = []
        self._files = 0
        self._bytes = 0
        self._told = False

    def note(self, path: Path, message: str, line: int | None = None) -> None:
        """Keep a problem; the first hundred will do."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(str(path), line, shortened(message)))

    def entries(self, folder: Path, *, folders: bool) -> list[Path]:
        """The folders, or else the JSON files, that lie in a folder, by name."""
        found: list[Path] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._files += 1
                    if self._is_full(folder):
                        break
                    path = folder / entry.name
                    if not folders and path.suffix != _SUFFIX:
                        continue
                    if entry.is_symlink():
                        self.note(path, "is a link, and not followed")
                    elif entry.is_dir() if folders else entry.is_file():
                        found.append(path)
        except OSError as error:
            self.note(folder, f"cannot be read: {error.strerror or error}")
        return sorted(found)

    def take(self, path: Path, machine: str) -> None:
        """Understand which run a file is of, or note why it is none."""
        if path.name in (MACHINE_FILE, FILE) or self._is_full(path.parent):
            return
        try:
            document = load(path)
            self._bytes += len(document.data)
            head = _head(document)
        except (UsageError, MalformedError) as error:
            self.note(path, error.message, getattr(error, "line", None))
            return
        if head is None:
            self.note(path, _NO_RESULTS)
            return
        if (own := head.params.get("machine")) != machine:
            self.note(path, f"was measured on {own!r}, and lies in the folder of {machine!r}: left out")
            return
        environment = environment_name(head.env_name, head.python, head.requirements)
        run = StoredRun(machine, head.commit_hash, environment, asv.moment_of(head.date), path)
        key = (run.machine, run.commit, run.environment)
        if key in self.runs:
            self.note(path, f"{run} is in {self.runs[key].path.name} already; the first counts")
        else:
            self.runs[key] = run

    def _is_full(self, folder: Path) -> bool:
        """Whether the tree is beyond its bounds; said once."""
        full = self._files > MAX_FILES or self._bytes > MAX_BYTES
        if full and not self._told:
            self.note(folder, f"holds more than {_BOUNDS}: the rest is left out")
            self._told = True
        return full


def _machine(folder: Path) -> str | None:
    """The name in a folder's `machine.json`; None where there is none."""
    path = folder / MACHINE_FILE
    try:
        if path.is_symlink() or not path.is_file():
            return None
        content = load(path).json_value
    except (OSError, UsageError):
        return None
    name = content.get("machine") if isinstance(content, dict) else None
    return name if isinstance(name, str) else None


def _head(document: Document) -> _Head | None:
    """The head of a result file; None where it is none. Raises MalformedError."""
    try:
        return _HEADS.decode(document.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # bare NaN, among others, which the strict parser refuses
    if not isinstance(document.json.value, Mapping):
        return None
    try:
        return msgspec.convert(document.json.value, _Head)
    except msgspec.ValidationError:
        return None


def environment_name(name: str | None, python: str | None, requirements: Mapping[str, Any] | None) -> str:
    """The name of an environment; older files have none, and asv then makes it of Python and the requirements."""
    if name is not None:
        return name
    parts = sorted((requirements or {}).items())
    return "-".join([f"py{python or ''}", *(f"{each}{version or ''}" for each, version in parts)])
