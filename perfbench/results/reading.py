"""Reads any result file that perfbench knows. What a file is, its content says, never its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from perfbench.errors import UsageError
from perfbench.results import github_action_benchmark, google_benchmark, jmh, jtl, k6, native, pyperf
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
    Format(google_benchmark.NAME, google_benchmark.recognises, google_benchmark.read),
    Format(jmh.NAME, jmh.recognises, jmh.read),
    Format(k6.NAME, k6.recognises, k6.read),
    Format(github_action_benchmark.NAME, github_action_benchmark.recognises, github_action_benchmark.read),
)
"""Asked in this order: the cheap and certain ones first."""


def read_any(path: Path) -> ResultFile:
    """The measurements and problems of one file.

    Raises UsageError when it cannot be opened, or is of no kind that perfbench reads.
    """
    document = load(path)
    for kind in FORMATS:
        if kind.recognises(document):
            return kind.read(document)
    known = " or ".join(kind.name for kind in FORMATS)
    raise UsageError(f"{path} {_what_it_is(document)}", f"name a file of {known}")


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
