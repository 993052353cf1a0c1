"""Sheets and consoles that write to memory."""

from __future__ import annotations

import io

from rich.console import Console

from perfbench.reports.sheets import ColourSheet, PlainSheet


class Paper(io.TextIOWrapper):
    """A text stream in memory with an encoding of its own."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n", write_through=True)

    @property
    def text(self) -> str:
        """What was written."""
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


def log(width: int = 80, encoding: str = "utf-8") -> tuple[PlainSheet, Paper]:
    """A sheet that is no terminal."""
    paper = Paper(encoding)
    return PlainSheet(paper, width), paper


def coloured(width: int = 80) -> tuple[ColourSheet, Paper]:
    """The sheet of a terminal with 256 colours."""
    console, paper = terminal(width)
    return ColourSheet(console), paper


def no_terminal(width: int = 80, encoding: str = "utf-8") -> tuple[Console, Paper]:
    """A console that is no terminal."""
    paper = Paper(encoding)
    return Console(file=paper, width=width), paper


def terminal(width: int = 80) -> tuple[Console, Paper]:
    """A console that takes itself for a terminal with 256 colours."""
    paper = Paper()
    return Console(file=paper, width=width, force_terminal=True, color_system="256"), paper
