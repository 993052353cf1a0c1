"""The folder that a session store on disk lives in: the caller's, or a private one that goes with the store."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from pathlib import Path

from perfbench.errors import SandboxError, StoreError
from perfbench.sandbox.runtimes import remains
from perfbench.sandbox.runtimes.ownership import Owner

KIND = "sessions"


class StoreFolder:
    """`path`, made where it is missing. Raises StoreError when it cannot be."""

    def __init__(self, place: Path | None) -> None:
        self._private: Path | None = None
        if place is None:
            self._private = _claimed()
            self.path = self._private / "tmp"
            return
        self.path = place
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make {place}: {error.strerror}", "name another folder") from error

    def release(self) -> None:
        """Remove the folder if it is private; leave the caller's alone. Harmless the second time."""
        private, self._private = self._private, None
        if private is not None:
            _held.discard(private)
            try:
                remains.remove_tree(private)
            except SandboxError as error:
                raise StoreError(error.message, error.remedy) from error


def sweep() -> list[str]:
    """Remove the private folders whose processes have died, and only those; returns their names."""
    removed = []
    for directory in remains.abandoned(KIND):
        remains.discard(directory)
        removed.append(directory.name)
    return removed


_held: set[Path] = set()
_holder: list[int] = []
_lock = threading.Lock()


def _claimed() -> Path:
    try:
        sweep()
        folder = remains.claim(KIND)
    except SandboxError as error:
        raise StoreError(error.message, error.remedy) from error
    with _lock:
        if _holder != [os.getpid()]:  # the first folder, or the first after a fork: the parent's are not ours
            _holder[:] = [os.getpid()]
            _held.clear()
            atexit.register(_remove_held, os.getpid(), remains.home(Owner.current()))
        _held.add(folder)
    return folder


def _remove_held(pid: int, home: Path) -> None:
    """What no store was closed for goes when the process ends."""
    if os.getpid() != pid:
        return
    for folder in list(_held):
        with contextlib.suppress(SandboxError):  # the next sweep tries again
            remains.remove_tree(folder)
    with contextlib.suppress(OSError):  # sandboxes of this process still lie in it, or have removed it
        home.rmdir()
