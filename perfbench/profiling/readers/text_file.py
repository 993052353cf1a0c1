"""Text files as profilers write them, packed by gzip or not, read line by line within bounds."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from perfbench.errors import UsageError
from perfbench.profiling.readers.profile import cut_off, too_large

GZIP = b"\x1f\x8b"
LONGEST_LINE = 2**20
MOST_BYTES = 4 * 2**30
"""Of text, unpacked: a small packed file may be very large."""
MOST_LINES = 100_000_000
BATCH = 128

_BUFFER = 2**18


@contextmanager
def opened_text(path: Path) -> Iterator[BinaryIO]:
    """The file, unpacked.

    Raises UsageError, here and while it is read, for what cannot be read or is not whole.
    """
    try:
        with path.open("rb", buffering=_BUFFER) as file:
            packed = file.read(len(GZIP)) == GZIP
            file.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        if isinstance(error, EOFError):
            raise cut_off(path) from None
        raise UsageError(f"{path} is packed by gzip and damaged", "copy or record it again") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "see who may read it") from None


def line_batches(path: Path, begin: int = 0, end: int | None = None) -> Iterator[list[bytes]]:
    """The lines of a file with their ends, a hundred at a time, which costs less than one by one.

    `begin` and `end` are bytes of a file that is not packed, at which lines begin; without an `end` it is read to its
    own. Raises UsageError as `opened_text`, and for what is too large.
    """
    most = MOST_BYTES if end is None else end - begin
    read = count = 0
    with opened_text(path) as file:
        if begin:
            file.seek(begin)
        lines = iter(partial(file.readline, LONGEST_LINE + 1), b"")
        while batch := list(islice(lines, BATCH)):
            read += sum(map(len, batch))
            while end is not None and read > most:
                read -= len(batch.pop())
            if not batch:
                return
            if len(max(batch, key=len)) > LONGEST_LINE:
                raise too_large(path, "has a line of more than 1 MiB")
            count += len(batch)
            if read > most or count > MOST_LINES:
                raise too_large(path, f"holds more than {most // 2**30} GiB of text or {MOST_LINES:,} lines")
            yield batch


def whole_text(path: Path, most: int) -> bytes:
    """All of a file of at most `most` bytes. Raises UsageError as `opened_text`."""
    with opened_text(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise too_large(path, f"holds more than {most // 2**20} MiB of JSON")
    return data
