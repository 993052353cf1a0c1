"""JSON Lines as a command takes them in: line by line, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

MOST_BYTES = 32 * 1024**2
"""A line may be so long: some two million values."""

TOO_LONG = f"the line is longer than {MOST_BYTES // 1024**2} MiB"


def lines_of(file: IO[bytes]) -> Iterator[bytes | None]:
    """The lines that are not blank; None for one that is too long."""
    while line := file.readline(MOST_BYTES + 1):
        if len(line) > MOST_BYTES and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(MOST_BYTES)
            yield None
        elif line.strip():
            yield line
