"""Fitting a Markdown text into the room that there is, so that what is cut is cut at a line, and said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

BETWEEN = "\n\n"
LONGEST_NOTICE = 400
"""Bytes kept free for the sentence that says what was left out."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one kind below an opening: a table's rows, a list's entries. Without a line it is not there."""

    noun: str
    lines: Sequence[str]
    opening: str = ""
    separator: str = "\n"


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks behind a summary that opens on a click. The summary is ours alone and not escaped."""

    summary: str
    blocks: Sequence[Block]


def fill(opening: Sequence[str], parts: Sequence[Block | Fold], closing: str, limit: int) -> str:
    """Opening, as much of the parts as fits into `limit` bytes of UTF-8, and closing, as paragraphs.

    A sentence before the closing counts the lines that were left out. Opening, closing and that sentence
    are never cut.
    """
    room = _Room(limit - _size(*opening, closing) - LONGEST_NOTICE)
    told = [text for part in parts if (text := room.part(part))]
    notice = []
    if room.missing:
        lost = ", ".join(f"{number} {noun}" for noun, number in room.missing.items())
        notice = [f"Left out for want of room: {lost}. The step's log and the JSON report have all of it."]
    return BETWEEN.join([*opening, *told, *notice, closing]) + "\n"


class _Room:
    """What is left of a limit, and what found no place in it."""

    def __init__(self, left: int) -> None:
        self._left = left
        self.missing: Counter[str] = Counter()

    def part(self, part: Block | Fold) -> str:
        return self._block(part) if isinstance(part, Block) else self._fold(part)

    def _block(self, block: Block) -> str:
        """The block with the lines that fit, counted from its beginning; empty where none does."""
        left = self._left - _size(block.opening)
        taken = 0
        for line in block.lines:
            left -= len((line + block.separator).encode())
            if left < 0:
                break
            self._left = left
            taken += 1
        if taken < len(block.lines):
            self.missing[block.noun] += len(block.lines) - taken
        return block.opening + block.separator.join(block.lines[:taken]) if taken else ""

    def _fold(self, fold: Fold) -> str:
        """Blank lines make GitHub read Markdown inside."""
        start, end = f"<details>\n<summary>{fold.summary}</summary>", "</details>"
        self._left -= _size(start, end)
        body = [text for block in fold.blocks if (text := self._block(block))]
        if body:
            return BETWEEN.join([start, *body, end])
        self._left += _size(start, end)
        return ""


def _size(*texts: str) -> int:
    """Bytes of texts that each have a blank line behind them."""
    return sum(len((text + BETWEEN).encode()) for text in texts)
