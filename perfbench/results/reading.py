"""Reads any result file or folder that perfbench knows. What it is, its content says, never its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from perfbench.errors import UsageError
from perfbench.results import (
    asv,
    asv_tree,
    cargo_text,
    criterion,
    github_action_benchmark,
    go_text,
    google_benchmark,
    hyperfine,
    jmh,
    jtl,
    k6,
    native,
    pyperf,
    pytest_benchmark,
)
from perfbench.results.document import Document, load
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import ResultFile


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file. `recognises` looks at the content; `read` never raises for what it recognised."""

    name: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document], ResultFile]


FORMATS = (
    Format(native.NAME, native.recognises, native.read),
    Format(jtl.NAME, jtl.recognises, jtl.read),
    Format(pyperf.NAME, pyperf.recognises, pyperf.read),
    Format(asv.NAME, asv.recognises, asv.read),
    Format(google_benchmark.NAME, google_benchmark.recognises, google_benchmark.read),
    Format(jmh.NAME, jmh.recognises, jmh.read),
    Format(k6.NAME, k6.recognises, k6.read),
    Format(github_action_benchmark.NAME, github_action_benchmark.recognises, github_action_benchmark.read),
    Format(pytest_benchmark.NAME, pytest_benchmark.recognises, pytest_benchmark.read),
    Format(hyperfine.NAME, hyperfine.recognises, hyperfine.read),
    Format(criterion.NAME, criterion.recognises, criterion.read),
    Format(go_text.NAME, go_text.recognises, go_text.read),
    Format(cargo_text.NAME, cargo_text.recognises, cargo_text.read),
)
"""Asked in this order: the cheap and certain ones first."""


@dataclass(frozen=True, slots=True)
class FolderFormat:
    """One kind of folder. `recognises` looks at what lies in it, and never raises.

    `read` takes the folder and the part of it that is wanted, in the format's own words (a commit, the
    name of a baseline); empty is the whole, or the newest. It raises UsageError for a part that is not
    there, or that names several; what is odd about the rest are problems.
    """

    name: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, str], ResultFile]


FOLDER_FORMATS: tuple[FolderFormat, ...] = (
    FolderFormat(asv_tree.NAME, asv_tree.recognises, asv_tree.read),
    FolderFormat(criterion.FOLDER_NAME, criterion.recognises_folder, criterion.read_folder),
)
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
    for kind in FORMATS:
        if kind.recognises(document):
            return kind.read(document)
    known = " or ".join(kind.name for kind in FORMATS)
    raise UsageError(f"{path} {_what_it_is(document)}", f"name a file of {known}")


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


def _what_it_is(document: Document) -> str:
    if not document.data.strip():
        return "is empty"
    try:
        if document.text.lstrip()[:1] in ("{", "["):
            document.json  # noqa: B018  (it raises)
    except MalformedError as error:
        where = f" (line {error.line})" if error.line else ""
        return f"{error.message}{where}"
    return "is not a result file that perfbench reads"
