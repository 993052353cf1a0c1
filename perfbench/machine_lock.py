"""One run at a time on one machine: two at once would measure each other.

A `flock` on a file outside any project. The kernel lets go of it when its holder ends, however that
ends, so there is nothing to clean up after a kill -9.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from perfbench.errors import PerfbenchError

VARIABLE = "PERFBENCH_LOCK"
"""Names another lock: jobs that have CPUs of their own need not wait for each other."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who measures already: its process id, and since when (seconds since the epoch); zeros where unknown."""

    pid: int
    since: float

    def __str__(self) -> str:
        if not self.pid:
            return "another run"
        return f"another run (pid {self.pid}, since {time.strftime('%H:%M:%S', time.localtime(self.since))})"


def lock_path() -> Path:
    """The lock of this user on this machine, or the one that PERFBENCH_LOCK names.

    `/tmp` where it can be used, whatever TMPDIR says: test runners give each of their sessions a TMPDIR
    of its own, and they would not see each other.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    folder = Path("/tmp")  # noqa: S108  (the file is opened without following links, and its owner checked)
    if not os.access(folder, os.W_OK):
        folder = Path(tempfile.gettempdir())
    return folder / f"perfbench-{os.getuid()}.lock"


@contextlib.contextmanager
def machine_lock(
    path: Path | None = None, *, waiting: Callable[[Holder], None] | None = None
) -> Iterator[None]:
    """Hold the machine for the `with` block, after whoever holds it now is done.

    `waiting` is called once, before the wait begins, with the holder; the wait ends at once on Ctrl-C.
    A run inside a run (a benchmark that runs perfbench) does not wait for itself. Raises
    PerfbenchError when the file cannot be used.
    """
    place = path or lock_path()
    file = _open(place)
    try:
        held = _acquire(file, waiting)
        if held:
            _write_holder(file)
        yield
    finally:
        os.close(file)  # which lets go of the lock


def _acquire(file: int, waiting: Callable[[Holder], None] | None) -> bool:
    """Wait for the lock; False when a process above this one holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        holder = _read_holder(file)
    if holder.pid in _lineage():
        return False
    if waiting is not None:
        waiting(holder)
    fcntl.flock(file, fcntl.LOCK_EX)
    return True


def _open(path: Path) -> int:
    remedy = "remove it, or let its owner do so"
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except OSError as error:
        raise PerfbenchError(f"cannot use the lock file {path}: {error.strerror}", remedy) from error
    facts = os.fstat(file)
    if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.getuid():
        os.close(file)
        raise PerfbenchError(f"cannot use the lock file {path}: it is not this user's file", remedy)
    return file


def _write_holder(file: int) -> None:
    with contextlib.suppress(OSError):  # it only says who; a full disk must not keep anyone from measuring
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()} {time.time():.0f}\n".encode(), 0)


def _read_holder(file: int) -> Holder:
    pid, _, since = os.pread(file, 100, 0).decode(errors="replace").strip().partition(" ")
    return Holder(int(pid), float(since)) if pid.isdecimal() and since.isdecimal() else Holder(0, 0.0)


def _lineage() -> set[int]:
    """This process and all above it."""
    import psutil  # noqa: PLC0415  (asked only when somebody else measures)

    try:
        return {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    except psutil.Error:
        return {os.getpid(), os.getppid()}
