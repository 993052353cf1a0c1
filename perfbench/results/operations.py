"""Reads what `perfbench.record_operation` appends to a file: one JSON object a line for each operation."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from perfbench.results.document import Document
from perfbench.results.gathering import Gathering
from perfbench.results.jtl_sample import Sample
from perfbench.results.result_file import LATEST, ResultFile
from perfbench.results.sampled import result_of
from perfbench.results.text_lines import numbered

NAME = "recorded operations"

_LONGEST_NAME = 1000
_ENTRY = re.compile(rb'\s*\{\s*"operation"\s*:')


class _Entry(msgspec.Struct, frozen=True):
    """One operation; `at` is when it ended, in seconds since the epoch."""

    operation: str
    seconds: float
    success: bool = True
    at: float = 0.0


def recognises(document: Document) -> bool:
    """Whether the first line is an operation."""
    return _ENTRY.match(document.data) is not None


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`: a row for each name."""
    gathering = Gathering(document.path)
    return result_of(_samples(document, gathering), gathering)


def _samples(document: Document, gathering: Gathering) -> Iterator[Sample]:
    """Every operation. Raises MalformedError where the file is no text."""
    for number, line in numbered(document.text):
        if not line.strip():
            continue
        try:
            entry = msgspec.json.decode(line, type=_Entry)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            gathering.note("is no recorded operation", number)
            continue
        name = entry.operation.strip()[:_LONGEST_NAME]
        if not name or entry.seconds < 0:
            gathering.note("is an operation without a name, or of negative length", number)
            continue
        started = entry.at - entry.seconds
        begun = started if 0 <= started <= LATEST else 0.0
        yield Sample(name, entry.seconds, begun, entry.success, "it was recorded as failed", number)
