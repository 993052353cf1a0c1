"""Reads what `go test -json -bench` prints: Go's benchmark text, cut into events (`go doc test2json`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from perfbench.results import go_text
from perfbench.results.document import Document
from perfbench.results.gathering import Gathering
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import ResultFile
from perfbench.results.text_lines import numbered

NAME = "go test -json"

_EVENT = re.compile(r'\s*\{(?=[^\n]{0,2000}"Action":")(?=[^\n]{0,2000}"Package":")')


class _Event(msgspec.Struct, frozen=True, rename="pascal"):
    """One line. Output is cut wherever the test wrote, in the middle of a line too."""

    action: str
    package: str = ""
    output: str = ""


def recognises(document: Document) -> bool:
    """Whether the first line is an event, and a benchmark is mentioned."""
    try:
        return "Benchmark" in document.text and _EVENT.match(document.text) is not None
    except MalformedError:
        return False


def read(document: Document) -> ResultFile:
    """The whole file, package by package, as `go_text` reads what they printed."""
    gathering = Gathering(document.path)
    return go_text.read_lines(_printed(document.text, gathering), gathering)


def _printed(text: str, gathering: Gathering) -> Iterator[tuple[int, str]]:
    """The lines that each package printed, with the number of the event that ended them."""
    packages: dict[str, list[tuple[int, str]]] = {}
    for number, line in numbered(text):
        if not line.strip():
            continue
        try:
            event = msgspec.json.decode(line, type=_Event)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            gathering.note("is no event of go test -json", number)
            continue
        if event.action == "output":
            packages.setdefault(event.package, []).append((number, event.output))
    for pieces in packages.values():
        yield from _lines(pieces)


def _lines(pieces: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    begun: list[str] = []
    number = 0
    for number, piece in pieces:
        *whole, rest = piece.split("\n")
        for end in whole:
            yield number, "".join((*begun, end)).removesuffix("\r")
            begun.clear()
        begun.append(rest)
    if any(begun):
        yield number, "".join(begun)
