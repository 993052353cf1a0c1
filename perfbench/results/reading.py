"""Reads any result file or folder that perfbench knows. What it is, its content says, never its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from perfbench.errors import UsageError
from perfbench.results.document import Document, load
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import ResultFile
from perfbench.results.uncollected import uncollected

_START = 64
"""Bytes at a file's beginning by which JSON is told from other text."""


class _Reader(Protocol):
    """A module that reads one kind of file.

    `recognises` looks at the content; `read` never raises for what it recognised.
    """

    NAME: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document], ResultFile]


class _FolderReader(Protocol):
    """A module that reads one kind of folder. `recognises_folder` looks at what lies in it, and never raises.

    `read_folder` takes the folder and the part of it that is wanted, in the format's own words (a commit, the
    name of a baseline); empty is the whole, or the newest. It raises UsageError for a part that is not there,
    or that names several; what is odd about the rest are problems.
    """

    FOLDER_NAME: str
    recognises_folder: Callable[[Path], bool]
    read_folder: Callable[[Path, str], ResultFile]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file, by the module that reads it; that is imported when it is first asked.

    `as_json` tells whether such a file may begin as JSON does, with a brace or a bracket.
    """

    module: str
    as_json: bool = True

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._reader.NAME

    def recognises(self, document: Document) -> bool:
        """Whether the content is of this kind."""
        if not self.as_json and document.data[:_START].lstrip().startswith((b"{", b"[")):
            return False
        return self._reader.recognises(document)

    def read(self, document: Document) -> ResultFile:
        """All of a file that was recognised."""
        return self._reader.read(document)

    @property
    def _reader(self) -> _Reader:
        return cast(_Reader, import_module(f"perfbench.results.{self.module}"))


@dataclass(frozen=True, slots=True)
class FolderFormat:
    """One kind of folder, by the module that reads it; that is imported when it is first asked."""

    module: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._reader.FOLDER_NAME

    def recognises(self, folder: Path) -> bool:
        """Whether what lies in the folder is of this kind."""
        return self._reader.recognises_folder(folder)

    def read(self, folder: Path, part: str) -> ResultFile:
        """That part of a folder that was recognised. Raises UsageError where there is none, or several."""
        return self._reader.read_folder(folder, part)

    @property
    def _reader(self) -> _FolderReader:
        return cast(_FolderReader, import_module(f"perfbench.results.{self.module}"))


FORMATS = (
    Format("native"),
    Format("operations"),
    Format("jtl", as_json=False),
    Format("pyperf"),
    Format("asv"),
    Format("google_benchmark"),
    Format("jmh"),
    Format("k6"),
    Format("github_action_benchmark"),
    Format("pytest_benchmark"),
    Format("hyperfine"),
    Format("criterion"),
    Format("go_json"),
    Format("go_text"),
    Format("cargo_text"),
)
"""Asked in this order: the cheap and certain ones first."""

FOLDER_FORMATS = tuple(FolderFormat(module) for module in ("asv_tree", "criterion"))
"""Asked in this order: the cheap and certain ones first."""


def read_any(path: Path, part: str = "") -> ResultFile:
    """The measurements and problems of one file, or of that part of a folder.

    Raises UsageError when it cannot be opened, is of no kind that perfbench reads, or has no such part.
    """
    if _is_folder(path):
        return _read_folder(path, part)
    if part:
        raise UsageError(f"{path} is a file, and has no part {part!r}", "name the file alone")
    document = load(path)
    with uncollected():
        for kind in FORMATS:
            if kind.recognises(document):
                return kind.read(document)
    known = " or ".join(kind.name for kind in FORMATS)
    raise UsageError(f"{path} {what_it_is(document)}", f"name a file of {known}")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # opening it will say why
        return False


def _read_folder(path: Path, part: str) -> ResultFile:
    for kind in FOLDER_FORMATS:
        if kind.recognises(path):
            return kind.read(path, part)
    known = "".join(f", or a folder of {kind.name}" for kind in FOLDER_FORMATS)
    raise UsageError(f"{path} is a folder", f"name a result file in it{known}")


def what_it_is(document: Document) -> str:
    """Why a document is of no kind that perfbench reads, as the end of a sentence."""
    if not document.data.strip():
        return "is empty"
    try:
        if document.text.lstrip()[:1] in ("{", "["):
            document.json  # noqa: B018  (it raises)
    except MalformedError as error:
        where = f" (line {error.line})" if error.line else ""
        return f"{error.message}{where}"
    return "is not a result file that perfbench reads"
