"""A page of a terminal or a log: styled text laid out by hand, so that nothing is cut and nothing is parsed.

Text goes to rich as `Text`, which knows neither markup nor emoji codes; colour is rich's to grant or refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from perfbench.reports.glyphs import fitter

Piece = tuple[str, str]
"""A text and its style; the empty style is plain."""

NARROWEST = 40


class Page:
    """Writes to one console. All text given to it is fitted to the console's encoding."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.width = max(console.width, NARROWEST)
        self.fit = fitter(console.encoding)

    def line(self, *pieces: Piece) -> None:
        """Write one line as it is, however long."""
        text = Text()
        for content, style in pieces:
            text.append(self.fit(content), style)
        text.rstrip()
        self.write(text)

    def write(self, text: Text, end: str = "\n") -> None:
        """Write a text to the stream. Raises OSError as the stream does; rich would end the process with 1."""
        with self._console.capture() as capture:
            self._console.print(text, end=end, soft_wrap=True, highlight=False)
        self._console.file.write(capture.get())

    def paragraph(self, text: str, *, indent: int = 0, style: str = "", first: Sequence[Piece] = ()) -> None:
        """Write a text, wrapped; `first` stands before it and takes the place of the first indent."""
        lead = sum(self.measure(content) for content, _ in first)
        lines = self.wrap(text, self.width - max(indent, lead))
        for number, part in enumerate(lines):
            start = (*first, (" " * (indent - lead), "")) if number == 0 else ((" " * indent, ""),)
            self.line(*start, (part, style))

    def wrap(self, text: str, width: int) -> list[str]:
        """The text in lines of at most `width` cells, broken at spaces, inside a word only if it must be."""
        lines = Text(self.fit(text)).wrap(self._console, max(width, 10), overflow="fold")
        return [line.plain.rstrip() for line in lines]

    def measure(self, text: str) -> int:
        """How many cells the text takes once it is fitted."""
        return cell_len(self.fit(text))

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
