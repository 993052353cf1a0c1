"""Standard input and output as a server's wire: bounded, ended by a signal too, and nobody else's.

What any other code of this process prints, and what its children print, goes to stderr instead: one stray
line would be taken for a message.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

LONGEST_MESSAGE = 4 * 1024**2
"""Bytes; whoever sends a longer line is not listened to any further."""

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """Says once that the server is to end, and why: `signal` is the number of the signal that asked for it."""

    def __init__(self) -> None:
        self.fd, self._told = os.pipe()
        os.set_blocking(self._told, False)
        self.signal: int | None = None

    def tell(self, number: int | None = None, _frame: object = None) -> None:
        """Wake whoever waits for `fd` to become readable; it stays so. Fit to be a signal's handler."""
        if number is not None and self.signal is None:
            self.signal = number
        with contextlib.suppress(BlockingIOError):
            os.write(self._told, b".")


class _Input(io.RawIOBase):
    """A descriptor to read from that ends when the other side closes it, or when it is time to end.

    `ended` is called, in the thread that reads, before whoever reads hears of the end.
    """

    def __init__(self, fd: int, ending: Ending, ended: Callable[[], None]) -> None:
        self._fd = fd
        self._ending = ending
        self._ended = ended
        self._line = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self._read(buffer)
        if count == 0:
            self._ended()
        return count

    def _read(self, buffer: WriteableBuffer) -> int:
        ready, _, _ = select.select([self._fd, self._ending.fd], [], [])
        if self._ending.fd in ready:
            return 0
        count = os.readv(self._fd, [buffer])
        end = bytes(memoryview(buffer)[:count]).rfind(b"\n")
        self._line = self._line + count if end < 0 else count - end - 1
        if self._line > LONGEST_MESSAGE:
            sys.stderr.write(f"a message is longer than {LONGEST_MESSAGE} bytes: no more is read\n")
            return 0
        return count


class _Output(io.RawIOBase):
    """A descriptor to write to that never holds up the end of the server."""

    def __init__(self, fd: int, ending: Ending) -> None:
        self._fd = fd
        self._ending = ending
        self._dead = False

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        view = memoryview(data)[: select.PIPE_BUF]  # so much a pipe takes at once where it takes any
        if self._dead:
            return len(view)
        _, room, _ = select.select([self._ending.fd], [self._fd], [])
        try:
            if room:
                return os.write(self._fd, view)
        except BrokenPipeError:
            self._ending.tell()  # nobody reads: there is nothing left to serve
        self._dead = True
        return len(view)


@contextmanager
def standard_streams(ended: Callable[[], None], ending: Ending) -> Iterator[None]:
    """Make `sys.stdin` and `sys.stdout` the wire, and descriptors 0 and 1 nobody's.

    SIGINT and SIGTERM end the input. `ended` is called once that has come to its end, however it did.
    """
    taken, given = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    before = {number: signal.signal(number, ending.tell) for number in STOPPING}
    kept = sys.stdin, sys.stdout
    reader: Any = io.BufferedReader(_Input(taken, ending, ended))
    writer: Any = io.BufferedWriter(_Output(given, ending))
    wire = io.TextIOWrapper(reader, "utf-8"), io.TextIOWrapper(writer, "utf-8")
    sys.stdin, sys.stdout = wire  # held here: one that is let go closes what it wraps
    try:
        yield
    finally:
        sys.stdin, sys.stdout = kept
        for number, handler in before.items():
            signal.signal(number, handler)
