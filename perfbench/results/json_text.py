"""JSON from anywhere: bounded, and what is odd about it is told instead of swallowed.

What is odd is read by the standard library's parser, because it accepts the bare NaN and Infinity that
several benchmark tools write and can be told of duplicate keys; no other parser at hand does both. All
else is read by msgspec's, several times as fast.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

import msgspec

from perfbench.results.uncollected import uncollected

MAX_ELEMENTS = 8_000_000
"""A JSON text may hold this many values; the worst of them (`{}`) then take half a gigabyte."""

_ESCAPED_COLON = re.compile(r"\\u003[aA]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_MAX_REPEATED = 10


class MalformedError(ValueError):
    """The text is not what it should be; `line` (from 1) says where, if that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Json:
    """A parsed text, and the keys that stood more than once in one object (the last one counts)."""

    value: object
    repeated: tuple[str, ...]


def decode_text(data: bytes) -> str:
    """Bytes to text: UTF-8, with or without a mark, or UTF-16 with one, as PowerShell writes.

    Raises MalformedError for anything else.
    """
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = None if is_utf16 else data.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 text (byte {error.start + 1} is 0x{data[error.start]:02x})"
        raise MalformedError(message, line) from error


def parse(text: str) -> Json:
    """One JSON value, in memory bounded by `MAX_ELEMENTS` and the length of the text.

    Raises MalformedError for anything else, nesting too deep and numbers too long included.
    """
    # Every value but the first of a list or object follows a comma: so many can there be, and no more.
    if len(text) > MAX_ELEMENTS and text.count(",") + text.count("[") + text.count("{") > MAX_ELEMENTS:
        raise MalformedError(f"holds more than {MAX_ELEMENTS} values")
    return _plain(text) or _odd(text)


def _plain(text: str) -> Json | None:
    """The value of a text in which nothing is odd; None where something is, or may be."""
    if "\\" in text and _ESCAPED_COLON.search(text):
        return None
    try:
        with uncollected():
            value = msgspec.json.decode(text)
        encoded = msgspec.json.encode(value)
    except (msgspec.MsgspecError, RecursionError, OverflowError, UnicodeError):
        return None
    # A key has a colon. Written again, the value has all colons of the text but those of keys that were lost.
    return Json(value, ()) if encoded.count(b":") == text.count(":") else None


def _odd(text: str) -> Json:
    """One JSON value, and the keys that stand twice. Raises MalformedError."""
    import json  # noqa: PLC0415  (few files are odd)

    repeated: dict[str, None] = {}

    def note_repeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs) and len(repeated) < _MAX_REPEATED:
            often = (key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
            repeated.update((key, None) for key in islice(often, _MAX_REPEATED))
        return found

    try:
        value = json.loads(text, object_pairs_hook=note_repeated)
        if _SURROGATE_ESCAPE.search(text):
            value = encodable(value)
    except json.JSONDecodeError as error:
        raise MalformedError(f"is not valid JSON: {error.msg}, column {error.colno}", error.lineno) from error
    except RecursionError as error:
        raise MalformedError("is nested too deeply") from error
    except ValueError as error:  # an integer of thousands of digits
        raise MalformedError("holds a number that is too long") from error
    return Json(value, tuple(_encodable_text(key) for key in repeated))


def encodable(value: object) -> object:
    """The same value without halves of characters, which JSON can escape but no terminal or file can hold."""
    match value:
        case str():
            return _encodable_text(value)
        case list() | tuple():
            return [encodable(item) for item in value]
        case dict():
            return {_encodable_text(key): encodable(item) for key, item in value.items()}
        case _:
            return value


def _encodable_text(text: str) -> str:
    return _LONE_SURROGATE.sub("\ufffd", text)
