"""A file as every reader gets it: its bytes, bounded and unpacked, and what they say as text or JSON."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from perfbench.errors import UsageError
from perfbench.results.json_text import Json, MalformedError, decode_text, parse

MAX_BYTES = 128 * 1024**2
"""A file may have, and unpack to, this much: some two million samples."""

_GZIP = b"\x1f\x8b"
_CHUNK = 1024**2


@dataclass(frozen=True)
class Document:
    """One file's content. `path` is what problems call it."""

    path: str
    data: bytes

    @cached_property
    def text(self) -> str:
        """The whole file as text. Raises MalformedError where it is none."""
        return decode_text(self.data)

    @cached_property
    def json(self) -> Json:
        """The whole file as one JSON value. Raises MalformedError where it is none."""
        return parse(decode_text(self.data))  # not `text`, which would stay beside the value

    @cached_property
    def json_value(self) -> object | None:
        """The JSON value, for readers that ask whether a file is theirs; None where it is not JSON."""
        try:
            return self.json.value
        except MalformedError:
            return None


def load(path: Path) -> Document:
    """Read a file, unpacking gzip, in memory bounded by `MAX_BYTES`.

    Raises UsageError when there is no such file, it cannot be read, is no file, or is too large.
    """
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise UsageError(f"{path} is a folder", "name a result file in it")
        if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):
            raise UsageError(f"{path} is not a file", "name a result file")
        with path.open("rb") as file:
            data = _bounded(file, path)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read {path}: {reason}", "check the name and its permissions") from error
    return Document(str(path), _unpacked(data, path) if data.startswith(_GZIP) else data)


def _unpacked(data: bytes, path: Path) -> bytes:
    import gzip  # noqa: PLC0415  (few files are packed)
    import io  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    try:
        with gzip.open(io.BytesIO(data)) as file:
            return _bounded(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{path} is a damaged gzip file ({error})", "fetch or write it again") from error


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _bounded(file: _Readable, path: Path) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise UsageError(
                f"{path} holds more than {MAX_BYTES // 1024**2} MiB, which no result file needs",
                "split it, or name another file",
            )
        chunks.append(chunk)
    return b"".join(chunks)
