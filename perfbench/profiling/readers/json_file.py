"""JSON as profilers write it: its parts found first, then read one by one, so that none is ever whole in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from perfbench.errors import UsageError
from perfbench.profiling.readers.profile import cut_off, too_large, unknown
from perfbench.profiling.readers.text_file import whole_text

MOST_BYTES = 256 * 2**20
MOST_ITEMS = 10_000_000
"""Of one list."""

Parts = dict[str, msgspec.Raw]
T = TypeVar("T")

_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*(?:\"|\}|$)")


def is_json(start: bytes) -> bool:
    """Whether a text that begins so is an object of JSON."""
    return _START.match(start) is not None


def json_parts(path: Path) -> Parts:
    """The values of the object in a file, unread. Raises UsageError for what is not whole, no JSON or too large."""
    data = whole_text(path, MOST_BYTES).removeprefix(b"\xef\xbb\xbf")
    try:
        return msgspec.json.decode(data, type=Parts)
    except RecursionError:
        raise unknown(path, "is JSON that is nested too deeply") from None
    except msgspec.DecodeError as error:
        if "truncated" in str(error):
            raise cut_off(path) from None
        raise unknown(path, f"is not valid JSON ({error})", "copy or record it again") from None


class JsonReader:
    """Reads parts of one file. Its methods raise UsageError for what is of another form than the format says."""

    def __init__(self, path: Path, kind: str) -> None:
        self._path = path
        self._kind = kind

    def read(self, part: msgspec.Raw, form: type[T], what: str, *, most: int = MOST_ITEMS) -> T:
        """One part, all of it, of no more than so many items at all levels."""
        if len(part) > most and bytes(part).count(b",") > most:
            raise too_large(self._path, f"has too many {what}")
        try:
            return msgspec.json.decode(part, type=form)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self.wrong(f"{what}: {error}") from None

    def each(self, part: msgspec.Raw, pattern: re.Pattern[bytes], form: type[T], what: str) -> Iterator[T]:
        """The items of a list one by one, found by a pattern."""
        decoder = msgspec.json.Decoder(form)
        found = 0
        try:
            for found, item in enumerate(pattern.finditer(memoryview(part), 1), 1):  # noqa: B007  (it is told below)
                yield decoder.decode(item[0])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self.wrong(f"{what} {found}: {error}") from None

    def wrong(self, why: str) -> UsageError:
        """The error of a file that is not what it says."""
        message = f"{self._path} is no {self._kind} that can be read ({why})"
        return UsageError(message, "write it again with the program that it is of")


FLAT_LISTS = re.compile(rb"\[[^\[\]]*\]")
FLAT_OBJECTS = re.compile(rb"\{[^{}]*\}")
