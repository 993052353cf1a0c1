"""The lines of a long text, one at a time."""

from __future__ import annotations

from collections.abc import Iterator


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Each line with its number from 1, without its end (a line feed, with or without a return before it).

    Not `splitlines`, which takes a dozen other characters for ends, nor `split`, which makes all lines at once.
    """
    start = number = 0
    while start < len(text):
        number += 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield number, text[start:end].removesuffix("\r")
        start = end + 1
