"""What a page is written on: a terminal, with rich's colours, or a pipe or a file, without rich and its cost."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Piece = tuple[str, str]
"""A text and its style; the empty style is plain."""

USUAL_WIDTH = 80


class Sheet(Protocol):
    """Something `width` cells wide that takes lines of text in `encoding`. Raises OSError as its stream does."""

    @property
    def width(self) -> int: ...
    @property
    def encoding(self) -> str: ...
    def write(self, pieces: Sequence[Piece]) -> None:
        """Write one line, however long, without spaces at its end."""


class PlainSheet:
    """A pipe, a file or a log: no colour."""

    def __init__(self, file: TextIO, width: int | None = None) -> None:
        self._file = file
        self.width = width or _width()
        self.encoding = file.encoding or "utf-8"

    def write(self, pieces: Sequence[Piece]) -> None:
        """Write one line."""
        self._file.write("".join(text for text, _ in pieces).rstrip() + "\n")


class ColourSheet:
    """A terminal. Which colours it gets is rich's to say, once for each style; text is never parsed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._codes: dict[str, tuple[str, str]] = {}
        self.width = console.width
        self.encoding = console.encoding

    def write(self, pieces: Sequence[Piece]) -> None:
        """Write one line."""
        shown = list(pieces)
        while shown and not shown[-1][0].rstrip():
            shown.pop()
        if shown:
            shown[-1] = (shown[-1][0].rstrip(), shown[-1][1])
        self._console.file.write("".join(map(self._coloured, shown)) + "\n")

    def print(self, text: Text, end: str = "\n") -> None:
        """Write a text. Raises OSError as the stream does; rich would end the process with 1."""
        self._console.file.write(self._rendered(text, end))

    def _coloured(self, piece: Piece) -> str:
        text, style = piece
        if not text or not style:
            return text
        if style not in self._codes:
            from rich.text import Text  # noqa: PLC0415

            before, _, after = self._rendered(Text("x", style), "").partition("x")
            self._codes[style] = before, after
        before, after = self._codes[style]
        return f"{before}{text}{after}"

    def _rendered(self, text: Text, end: str) -> str:
        with self._console.capture() as capture:
            self._console.print(text, end=end, soft_wrap=True, highlight=False)
        return capture.get()


def sheet(file: TextIO) -> Sheet:
    """The sheet for a stream, in colour where it is a terminal or `FORCE_COLOR` asks for it."""
    if not file.isatty() and not os.environ.get("FORCE_COLOR"):
        return PlainSheet(file)
    from rich.console import Console  # noqa: PLC0415

    return ColourSheet(Console(file=file, highlight=False))


def _width() -> int:
    """`COLUMNS`, else the width of the terminal that a pipe may lead to, else 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        with suppress(AttributeError, ValueError, OSError):
            if width := os.get_terminal_size(stream.fileno()).columns:  # type: ignore[union-attr]
                return width
    return USUAL_WIDTH
