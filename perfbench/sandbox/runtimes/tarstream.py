"""One regular file as a tar stream, both ways: how engines pass files into and out of a container.

What comes out of a container was written by whoever ran in it, so the reader takes nothing on trust: one
regular file or nothing, no links, no sparse sizes, no header larger than a few kilobytes.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from perfbench.errors import SandboxError

CHUNK = 1 << 20
BLOCK = tarfile.BLOCKSIZE
HEADER_LIMIT = 64 << 10
"""Bytes of extended header (a long name) that are skipped; more is an attack, not a file name."""

_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME)


def split(inside: str) -> tuple[str, str]:
    """Directory and name of an absolute path inside. Raises SandboxError when it names no file."""
    path = PurePosixPath(inside)
    if not path.is_absolute() or path.name in ("", "..") or "\0" in inside:
        raise SandboxError(f"{inside!r} is not the absolute path of a file in a sandbox")
    return str(path.parent), path.name


def open_regular(source: Path) -> BinaryIO:
    """Open a regular file of the host. Raises SandboxError when it is none, or cannot be read."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO must not hold us up
    except OSError as error:
        raise SandboxError(f"cannot read {source}: {error.strerror}") from error
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise SandboxError(f"cannot copy {source}: it is not a regular file")
    return file


def pack(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The open regular `file` as a tar archive with one member `name`, owned by root, in chunks.

    Raises SandboxError when the file shrinks or cannot be read meanwhile.
    """
    found = os.fstat(file.fileno())
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.mtime = found.st_size, found.st_mode & 0o777, int(found.st_mtime)
    yield header.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    left = header.size
    while left:
        try:
            chunk = file.read(min(CHUNK, left))
        except OSError as error:
            raise SandboxError(f"cannot read {file.name}: {error.strerror}") from error
        if not chunk:
            raise SandboxError(f"{file.name} shrank while it was copied")
        left -= len(chunk)
        yield chunk
    yield bytes(-header.size % BLOCK + 2 * BLOCK)


def unpack(chunks: Iterator[bytes], source: str, target: Path) -> None:
    """Write the one regular file that the archive holds to `target`; `source` is its name in messages.

    Raises SandboxError when the archive holds anything else or breaks off, or `target` cannot be written;
    nothing is left at `target` then.
    """
    stream = _Stream(chunks)
    header = _first_member(stream, source)
    if header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise SandboxError(f"{source} in the sandbox is not a regular file")
    try:
        with target.open("wb") as file:
            try:
                for chunk in stream.take(header.size):
                    file.write(chunk)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
    except EOFError:
        raise SandboxError(f"the copy of {source} from the sandbox broke off") from None
    except OSError as error:
        raise SandboxError(f"cannot write {target}: {error.strerror}") from error


class _Stream:
    """Chunks of any size, taken by exact counts."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def take(self, count: int) -> Iterator[memoryview]:
        """The next `count` bytes in pieces. Raises EOFError when there are fewer."""
        while count:
            if not self._rest:
                self._rest = memoryview(next(self._chunks, b""))
                if not self._rest:
                    raise EOFError
            piece, self._rest = self._rest[:count], self._rest[count:]
            count -= len(piece)
            yield piece


def _first_member(stream: _Stream, source: str) -> tarfile.TarInfo:
    """The header of the file itself; what stands before it (a long name, times) is passed over."""
    try:
        while True:
            block = b"".join(stream.take(BLOCK))
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            if header.type not in _EXTENDED:
                return header
            if header.size > HEADER_LIMIT:
                raise SandboxError(f"the sandbox sent an archive that cannot be {source}")
            extension = b"".join(stream.take(header.size + -header.size % BLOCK))
            if header.type != tarfile.GNUTYPE_LONGNAME and b" size=" in extension:
                raise SandboxError(f"{source} in the sandbox is larger than 8 GiB")
    except (EOFError, tarfile.HeaderError) as error:
        raise SandboxError(f"the sandbox sent no archive for {source}") from error
