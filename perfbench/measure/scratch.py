"""Temporary folders of workers, which go with the process that made them, also when it is killed.

Each holds a lock that the kernel lets go of when its process ends, however it ends; a folder whose lock is
free belongs to nobody any more, and the next job removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

PREFIX = "perfbench-scratch-"
LOCK = "in-use"
UNLOCKED_FOR = 60.0
"""Seconds after which a folder without a lock file is no longer one that is being made."""


class ScratchFolder:
    """A private folder at `path`, removed by `remove`, at the end of its `with` block, or by a later sweep."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Remove it with all that is in it; harmless the second time."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


def sweep() -> list[Path]:
    """Remove the folders of this user whose processes have ended; returns them."""
    removed = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), _abandoned(folder) as abandoned:
            if abandoned:
                shutil.rmtree(folder)
                removed.append(folder)
    return removed


@contextlib.contextmanager
def _abandoned(folder: Path) -> Iterator[bool]:
    """Whether it is ours and nobody's any more; its lock is held meanwhile, so that one sweep alone removes it."""
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid():
        yield False
        return
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield time.time() - found.st_mtime > UNLOCKED_FOR
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(lock)
