"""How far a publishing is, on a terminal: one line that goes away. A log hears nothing but the end."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

REDRAW_EVERY = 0.1
ERASE = "\r\x1b[2K"


class PagesShown:
    """Called with the pages that are written and all of them. Nothing is drawn within the first half second."""

    def __init__(self) -> None:
        self._redraws = sys.stderr is not None and sys.stderr.isatty()
        self._next = time.monotonic() + 0.5
        self._on_screen = False

    def __call__(self, done: int, total: int) -> None:
        """Show how many pages of how many are written."""
        if not self._redraws or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REDRAW_EVERY
        self._on_screen = True
        sys.stderr.write(f"{ERASE}publishing: {done:,} of {total:,} pages")
        sys.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._on_screen:
            sys.stderr.write(ERASE)
            sys.stderr.flush()
