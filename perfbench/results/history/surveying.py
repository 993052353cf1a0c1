"""Which files an import is of: those named, and those in folders, each with what is told about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from perfbench.errors import UsageError
from perfbench.model import Problem
from perfbench.results import criterion
from perfbench.results.asv_benchmarks import FILE as BENCHMARKS_FILE
from perfbench.results.asv_benchmarks import Suite, read_suite
from perfbench.results.document import load
from perfbench.results.history.keeping import TOLD, TOLD_SUFFIX, HistoryFolder, claim, keep_suite, told_of
from perfbench.results.history.reading_files import MACHINE_FILE, Source
from perfbench.results.history.told import Told

MOST_FILES = 500_000
"""An import may be of so many files."""

_NO_RESULTS = frozenset({MACHINE_FILE, BENCHMARKS_FILE, TOLD, "asv.conf.json"})
_SUFFIXES = frozenset(
    {".json", ".jsonl", ".js", ".jtl", ".csv", ".xml", ".txt", ".out", ".log", ".bench", ".gz"}
)
_MOST_PROBLEMS = 1000

ProjectOf = Callable[[Path], str]
"""The name of the project whose results a folder holds, empty where nothing says it."""


@dataclass(slots=True)
class Surveyed:
    """The files of an import by the number of their source, in order, and what cannot be used."""

    sources: dict[int, Source] = field(default_factory=dict)
    files: list[tuple[str, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def note(self, path: Path | str, message: str) -> None:
        """Keep a problem; the first thousand will do."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(str(path), None, message))


class Survey:
    """Looks through files and folders, for copying them into `folder` or (`in_place`) leaving them."""

    def __init__(self, folder: HistoryFolder, told: Told, project_of: ProjectOf, *, in_place: bool) -> None:
        self.found = Surveyed()
        self._folder = folder
        self._told = told
        self._project_of = project_of
        self._in_place = in_place
        self._sources: dict[Path, int] = {}
        self._suites: dict[Path, Suite] = {}
        self._trees: dict[Path, tuple[Path | None, Told]] = {}
        self._seen: set[str] = set()

    def take(self, path: Path) -> None:
        """A file or folder that the user named. Raises UsageError where there is none."""
        path = Path(os.path.abspath(path))  # noqa: PTH100  (a link that was named stays what it is called)
        if path.is_dir() and criterion.recognises_folder(path):
            self._criterion(path)
        elif path.is_dir():
            self._walk(path)
        elif path.exists():
            self._file(path)
        else:
            raise gone(path)

    def _walk(self, folder: Path) -> None:
        for place, folders, files in os.walk(folder):
            here = Path(place)
            folders[:] = sorted(
                name for name in folders if not name.startswith(".") and self._may_enter(here / name)
            )
            is_machine = MACHINE_FILE in files
            for name in sorted(files):
                if _may_hold_results(name, is_machine=is_machine):
                    path = here / name
                    if path.is_symlink():
                        self.found.note(path, "is a link, and not followed")
                    else:
                        self._file(path)
            if len(self.found.files) >= MOST_FILES:
                self.found.note(folder, f"holds more than {MOST_FILES} files: the rest is left out")
                return

    def _criterion(self, folder: Path) -> None:
        """A folder of criterion.rs, which writes over it the next time: its `new` is kept as a result file."""
        told = msgspec.structs.replace(self._told, source=str(folder))
        path = self._folder.keep_result(criterion.read_folder(folder), told, "criterion.jsonl")
        number = self._sources[path] = len(self._sources) + 1
        self.found.sources[number] = Source(told)
        self.found.files.append((str(path), number))

    def _may_enter(self, folder: Path) -> bool:
        if folder.is_symlink():
            self.found.note(folder, "is a link, and not followed")
            return False
        return folder != self._folder.path

    def _file(self, path: Path) -> None:
        if str(path) not in self._seen:
            self._seen.add(str(path))
            self.found.files.append((str(path), self._source(path.parent)))

    def _source(self, folder: Path) -> int:
        """The source of the files in a folder."""
        if folder not in self._sources:
            number = self._sources[folder] = len(self._sources) + 1
            self.found.sources[number] = self._new_source(folder)
        return self._sources[folder]

    def _new_source(self, folder: Path) -> Source:
        machine = machine_of(folder)
        usual = folder if machine is None else folder.parent
        suite_folder = next(
            (each for each in (folder.parent, folder) if (each / BENCHMARKS_FILE).is_file()), usual
        )
        if suite_folder not in self._trees:
            self._trees[suite_folder] = self._new_tree(suite_folder)
        tree, told = self._trees[suite_folder]
        return Source(
            told=told,
            suite=self._suites[suite_folder],
            machine=machine,
            tree=tree,
            files=None if self._in_place else self._folder.path,
        )

    def _new_tree(self, folder: Path) -> tuple[Path | None, Told]:
        suite = self._suites[folder] = read_suite(folder)
        self.found.problems += suite.problems
        project = self._told.project or self._project_of(folder)
        told = msgspec.structs.replace(self._told, project=project)
        if self._in_place:
            return None, told
        tree = self._folder.tree(_of_a_tree(told), suite)
        if suite.benchmarks:
            claim(tree, _of_a_tree(told))
            keep_suite(tree, folder)
        return tree, told


def gone(path: Path) -> UsageError:
    """Said of a path at which there is nothing."""
    return UsageError(f"there is no {path}", "name a result file, or a folder of them")


def survey_kept(folder: HistoryFolder, project_of: ProjectOf) -> Surveyed:
    """All that a history's folder keeps or refers to, for building its index again."""
    found = Surveyed()
    for tree in folder.trees():
        suite, told = read_suite(tree), told_of(tree)
        for machine in sorted(each for each in tree.iterdir() if each.is_dir()):
            number = len(found.sources) + 1
            found.sources[number] = Source(told, suite, machine_of(machine))
            found.files += (
                (str(path), number) for path in sorted(machine.glob("*.json")) if _is_result(path)
            )
    for path, told in folder.files():
        number = len(found.sources) + 1
        found.sources[number] = Source(told)
        found.files.append((str(path), number))
    for reference in folder.references():
        survey = Survey(folder, reference.told, project_of, in_place=True)
        try:
            survey.take(Path(reference.path))
        except UsageError as error:
            found.note(reference.path, f"stays where it is, and is gone: {error.message}")
            continue
        _join(found, survey.found)
    return found


def claim_trees(surveyed: Surveyed) -> None:
    """Write down what was told about trees that have come into being, of files that lay beside no benchmarks.json."""
    for source in surveyed.sources.values():
        if source.tree is not None and source.tree.is_dir():
            claim(source.tree, _of_a_tree(source.told))


def _of_a_tree(told: Told) -> Told:
    """What is told of all files of a tree: a commit is each file's own."""
    return msgspec.structs.replace(told, commit="", source="")


def machine_of(folder: Path) -> str | None:
    """The name in a folder's `machine.json`; None where there is none."""
    path = folder / MACHINE_FILE
    try:
        content = load(path).json_value if path.is_file() and not path.is_symlink() else None
    except (OSError, UsageError):
        return None
    name = content.get("machine") if isinstance(content, dict) else None
    return name if isinstance(name, str) else None


def _join(found: Surveyed, other: Surveyed) -> None:
    offset = len(found.sources)
    found.sources.update({number + offset: source for number, source in other.sources.items()})
    found.files += ((path, number + offset) for path, number in other.files)
    found.problems += other.problems


def _is_result(path: Path) -> bool:
    return path.name not in _NO_RESULTS and not path.name.startswith(".")


def _may_hold_results(name: str, *, is_machine: bool) -> bool:
    """In the folder of a machine asv's files end in `.json`; elsewhere all kinds of endings are met."""
    if name in _NO_RESULTS or name.startswith(".") or name.endswith(TOLD_SUFFIX):
        return False
    suffix = os.path.splitext(name)[1]  # noqa: PTH122  (called for each of half a million names)
    return suffix == ".json" if is_machine else suffix in _SUFFIXES
