"""Replacing a file at once or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from perfbench.errors import PerfbenchError


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file, and give it its name only when it is whole and on the disk.

    Folders are made as needed. Raises PerfbenchError where that cannot be done; what was there then stays.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)  # left by a process that was killed
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise PerfbenchError(
            f"cannot write {path}: {error.strerror}", "check the folder's permissions"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    with contextlib.suppress(OSError):  # some file systems cannot; the rename itself has happened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def replace_bytes(path: Path, data: bytes) -> None:
    """Give `path` this content, at once or not at all. Raises PerfbenchError as `replace_file` does."""

    def write(temporary: Path) -> None:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    replace_file(path, write)
