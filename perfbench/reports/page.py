"""A page of a terminal or a log: styled text laid out by hand, so that nothing is cut and nothing is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from perfbench.reports.glyphs import ASCII, fitter
from perfbench.reports.sheets import Piece, Sheet

NARROWEST = 40

NOT_ONE_CELL_EACH = re.compile(f"[^ -\u02ff{''.join(ASCII)}]")
"""Finds what may be wider or narrower than one cell: outside of Latin letters and our own signs."""


class Page:
    """Lays out text on one sheet. All text given to it is fitted to the sheet's encoding."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.width = max(sheet.width, NARROWEST)
        self.fit = fitter(sheet.encoding)

    def line(self, *pieces: Piece) -> None:
        """Write one line as it is, however long."""
        self._sheet.write([(self.fit(content), style) for content, style in pieces])

    def paragraph(self, text: str, *, indent: int = 0, style: str = "", first: Sequence[Piece] = ()) -> None:
        """Write a text, wrapped; `first` stands before it and takes the place of the first indent."""
        lead = sum(self.measure(content) for content, _ in first)
        lines = self.wrap(text, self.width - max(indent, lead))
        for number, part in enumerate(lines):
            start = (*first, (" " * (indent - lead), "")) if number == 0 else ((" " * indent, ""),)
            self.line(*start, (part, style))

    def wrap(self, text: str, width: int) -> list[str]:
        """The text in lines of at most `width` cells, broken at spaces, inside a word only if it must be."""
        width = max(width, 10)
        lines = [""]
        for word in self.fit(text).split(" "):
            longer = f"{lines[-1]} {word}" if lines[-1] else word
            if cells(longer) <= width:
                lines[-1] = longer
            else:
                lines[-1:] = [*filter(None, lines[-1:]), *_folded(word, width)]
        return lines

    def measure(self, text: str) -> int:
        """How many cells the text takes once it is fitted."""
        return cells(self.fit(text))

    def widest(self, texts: Iterable[str]) -> int:
        """Cells of the widest text; 0 where there is none."""
        return max(map(self.measure, texts), default=0)

    def left(self, text: str, width: int) -> str:
        """The text, filled up with spaces on its right."""
        return self.fit(text) + " " * (width - self.measure(text))

    def right(self, text: str, width: int) -> str:
        """The text, filled up with spaces on its left."""
        return " " * (width - self.measure(text)) + self.fit(text)

    def flow(self, pieces: Sequence[Piece], separator: str) -> list[list[Piece]]:
        """Pieces with a separator between them, in as many lines as the width makes necessary."""
        lines: list[list[Piece]] = [[]]
        used = 0
        for content, style in pieces:
            size = self.measure(content)
            if lines[-1] and used + self.measure(separator) + size > self.width:
                lines.append([])
                used = 0
            if lines[-1]:
                lines[-1].append((separator, "dim"))
                used += self.measure(separator)
            lines[-1].append((content, style))
            used += size
        return lines


def cells(text: str) -> int:
    """How many cells of a terminal a printable text takes."""
    if not NOT_ONE_CELL_EACH.search(text):
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415

    return cell_len(text)


def _folded(word: str, width: int) -> list[str]:
    """A word in parts of at most `width` cells."""
    parts = [""]
    for char in word:
        if cells(parts[-1] + char) > width:
            parts.append("")
        parts[-1] += char
    return parts
