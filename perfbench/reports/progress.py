"""What is being measured, for somebody who waits: one line that renews itself, or a few plain lines in a log.

Nothing runs beside the measurement: no thread redraws the line. The cursor is never hidden, so that a killed
run leaves the terminal as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from perfbench.reports.names import plain, shown_name
from perfbench.reports.page import Page
from perfbench.reports.sheets import ColourSheet, Piece
from perfbench.units import format_duration

if TYPE_CHECKING:
    from rich.console import Console

LINE_EVERY = 5.0
"""Seconds between two lines in a log, at least."""
REDRAW_EVERY = 0.1
BAR = 10
ERASE = "\r\x1b[2K"


class Progress:
    """Progress of one job on `console` (stderr); silent with `quiet`.

    `clock` counts seconds from anywhere.
    """

    def __init__(
        self, console: Console, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._sheet = ColourSheet(console)
        self._page = Page(self._sheet)
        self.quiet = quiet
        self._clock = clock
        self._redraws = console.is_terminal and not console.is_dumb_terminal
        self._rounds = 0
        self._told_at: float | None = None
        self._on_screen = False

    def start(self, rows: int, rounds: int, *, harnesses: int = 0) -> None:
        """Say how much there is to do."""
        self._rounds = rounds
        if not self.quiet and not self._redraws:
            counts = [f"{rows} row{'s' * (rows != 1)}"] if rows or not harnesses else []
            counts += [f"{harnesses} harness{'es' if harnesses > 1 else ''}"] if harnesses else []
            self._say(lambda: self._page.line((f"measuring {' and '.join(counts)} in {rounds} rounds", "")))

    def advance(self, row: str, round: int, done: int, total: int, seconds_left: float | None) -> None:
        """Show that `row` (a full id) is measured in `round` (from 1); `done` of `total` steps are done."""
        now = self._clock()
        pause = REDRAW_EVERY if self._redraws else LINE_EVERY
        if self.quiet or (self._told_at is not None and now - self._told_at < pause):
            return
        self._told_at = now
        share = min(1.0, done / total) if total > 0 else 0.0
        left = f"{format_duration(seconds_left)} left" if seconds_left is not None else ""
        told = [_shown(row), f"round {round} of {max(round, self._rounds)}", left]
        if self._redraws:
            self._say(lambda: self._draw(share, told))
        else:
            line = ", ".join(filter(None, [f"{share:.0%}", *told]))
            self._say(lambda: self._page.line((line, "")))

    def note(self, text: str) -> None:
        """Write a line that stays."""
        if not self.quiet:
            self.finish()
            self._say(lambda: self._page.paragraph(plain(text)))

    def finish(self) -> None:
        """Take the line away; harmless the second time."""
        if self._on_screen:
            self._say(self._clear)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()

    def _say(self, write: Callable[[], None]) -> None:
        """Write, or be silent from now on: a terminal that went away ends no measurement."""
        try:
            write()
            self._console.file.flush()
        except OSError:
            self.quiet = True
            self._on_screen = False

    def _draw(self, share: float, told: list[str]) -> None:
        """Replace the line. It is cut to the width, since a wrapped line could not be taken back."""
        from rich.text import Text  # noqa: PLC0415

        row, *rest = told
        behind = round(share * BAR)
        tail = "".join(f"  {part}" for part in rest if part)
        room = self._console.width - 1 - BAR - 7 - self._page.measure(tail)
        pieces: list[Piece] = [
            ("━" * behind, "green"),
            ("╌" * (BAR - behind), "dim"),
            (f" {share:4.0%}  ", ""),
        ]
        text = Text()
        for content, style in [*pieces, (self._cut(row, room), ""), (tail, "dim")]:
            text.append(self._page.fit(content), style)
        text.truncate(self._console.width - 1)
        self._clear()
        self._sheet.print(text, end="")
        self._on_screen = True

    def _cut(self, text: str, width: int) -> str:
        """The text in `width` cells; its middle goes, since names differ at both ends."""
        from rich.cells import chop_cells  # noqa: PLC0415

        if self._page.measure(text) <= width:
            return text
        if width < 9:
            return ""
        half = (width - 3) // 2
        text = self._page.fit(text)
        ending = chop_cells(text[::-1], half)[0][::-1]
        return f"{chop_cells(text, half)[0]}…{ending}"

    def _clear(self) -> None:
        if self._on_screen:
            self._console.file.write(ERASE)
        self._on_screen = False


def _shown(row: str) -> str:
    """A full id as the reports write it: `files.Write.time_fsync(runc)` becomes `files.Write.fsync (runc)`."""
    name, parenthesis, params = row.partition("(")
    return plain(f"{shown_name(name)} {parenthesis}{params}")
