"""Part of the recorder concurrency.py: the threads of the process, and their time on a CPU and waiting for one."""

from __future__ import annotations

import functools
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfbench.profiling.in_process.concurrency import Patches, Sums

MOST_THREADS = 1_000

_active: Threads | None = None


class Thread:
    """What is known of one thread; `places` and `stacks` are what it waited for, which it alone adds to."""

    __slots__ = (
        "_begun", "_cpu", "_queued", "cpu", "ident", "lock_wait", "name", "other_wait", "places",
        "queued", "seconds", "stacks", "tid", "waiting", "waits",
    )  # fmt: skip

    def __init__(self, name: str, ident: int, tid: int | None, sums: Callable[[Any], Sums]) -> None:
        self.name, self.ident, self.tid = name, ident, tid
        self._begun = time.perf_counter()
        self._cpu, self._queued = _cpu(ident, tid), queued(tid)
        self.cpu: float | None = None
        self.queued: float | None = None
        self.seconds = self.lock_wait = self.other_wait = 0.0
        self.waits = 0
        self.waiting: tuple[float, str, str] | None = None
        self.places, self.stacks = sums(("(others)", "", "")), sums(("(others)",))

    def end(self) -> None:
        """Take its times, while it is still there."""
        self.seconds = time.perf_counter() - self._begun
        self.cpu = _since(self._cpu, _cpu(self.ident, self.tid))
        self.queued = _since(self._queued, queued(self.tid))

    def row(self) -> dict[str, Any]:
        """`blocked` is what is left of its seconds without those on a CPU and waiting for one."""
        blocked = None if self.cpu is None else max(0.0, self.seconds - self.cpu - (self.queued or 0.0))
        return {
            "name": self.name,
            "seconds": self.seconds,
            "cpu": self.cpu,
            "run_queue": self.queued,
            "blocked": blocked,
            "lock_wait": self.lock_wait,
            "other_wait": self.other_wait,
            "waits": self.waits,
        }


class Threads:
    """All threads that run Python code, but the one whose ident is `without`."""

    def __init__(self, sums: Callable[[Any], Sums], without: int | None) -> None:
        self._sums, self._without = sums, without
        self._living: dict[int, Thread] = {}
        self._ended: list[Thread] = []
        self._rest = Thread("(others)", 0, None, sums)
        self._left_out = 0
        self._lock = threading.Lock()

    def begin(self, patches: Patches) -> None:
        """Hear of threads that begin and end from now on."""
        global _active  # noqa: PLW0603
        _active = self
        for name, hook in (("_bootstrap_inner", _beginning), ("_delete", _ending)):
            if hasattr(threading.Thread, name):  # private, and there from Python 3.8 to 3.14 at least
                patches.put(threading.Thread, name, hook(getattr(threading.Thread, name)))
        for thread in threading.enumerate():
            if thread.ident is not None and thread.ident != self._without:
                self._begin(thread.name, thread.ident, thread.native_id)

    def end(self) -> None:
        """Hear no more."""
        global _active  # noqa: PLW0603
        _active = None

    def here(self) -> Thread:
        """The calling thread."""
        ident = threading.get_ident()
        found = self._living.get(ident)
        if found is None:
            # C code began it. `current_thread` would make up a Thread for it, and that one would stay.
            listed = getattr(threading, "_active", {}).get(ident)
            name = getattr(listed, "name", f"thread {ident}")
            found = self._begin(name, ident, threading.get_native_id())
        return found

    def merged(self, which: Callable[[Thread], Sums]) -> Sums:
        """The places or the stacks of all threads."""
        parts = [which(thread) for thread in (self._rest, *self._ended, *self.living())]
        return self._sums(parts[0].other).take(parts)

    def living(self) -> list[Thread]:
        """Those of now."""
        return list(self._living.values())

    def begins(self, thread: threading.Thread) -> None:
        """The calling thread begins."""
        self._begin(thread.name, threading.get_ident(), threading.get_native_id())

    def ends(self) -> None:
        """The calling thread ends."""
        found = self._living.pop(threading.get_ident(), None)
        if found is not None:
            found.end()
            self._keep(found)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each thread up to now; of very many, those that lived longest."""
        for thread in self.living():
            thread.end()
        found = sorted([*self._ended, *self.living()], key=lambda thread: -thread.seconds)
        self._left_out += max(0, len(found) - MOST_THREADS)
        return [thread.row() for thread in found[:MOST_THREADS]]

    def notes(self) -> list[str]:
        """What the rows lack."""
        notes = []
        if self._left_out:
            notes.append(f"{self._left_out} more threads are not listed")
        if queued(threading.get_native_id()) is None:
            notes.append(
                "this system does not tell how long a thread waits for a CPU: that is part of blocked"
            )
        return notes

    def _begin(self, name: str, ident: int, tid: int | None) -> Thread:
        unheard = self._living.get(ident)
        if unheard is not None:  # C code ended it, and its ident was free again
            self._keep(unheard)
        found = self._living[ident] = Thread(name, ident, tid, self._sums)
        return found

    def _keep(self, ended: Thread) -> None:
        """One by one for a while, then what it waited for alone: a program may begin any number of threads."""
        if len(self._ended) < MOST_THREADS:
            self._ended.append(ended)
            return
        with self._lock:
            self._left_out += 1
            self._rest.places.take([ended.places])
            self._rest.stacks.take([ended.stacks])


def queued(tid: int | None) -> float | None:
    """Seconds so far in which a thread was ready and waited for a CPU; None where the system does not tell."""
    return _schedstat(tid, 1)


def _cpu(ident: int, tid: int | None) -> float | None:
    """Seconds on a CPU so far of a thread of this process; None where the system does not tell."""
    # The clock of another thread (pthread_getcpuclockid) would crash the process if that thread had ended.
    return time.thread_time() if ident == threading.get_ident() else _schedstat(tid, 0)


def _schedstat(tid: int | None, field: int) -> float | None:
    """Linux: nanoseconds on a CPU and waiting for one (Documentation/scheduler/sched-stats.rst)."""
    try:
        with open(f"/proc/self/task/{tid}/schedstat", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[field]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def _since(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else max(0.0, after - before)


def _beginning(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def begin(self: threading.Thread) -> Any:
        if _active is not None:
            _active.begins(self)
        try:
            return original(self)
        finally:
            if _active is not None:
                _active.ends()

    return begin


def _ending(original: Callable[..., Any]) -> Callable[..., Any]:
    """What a thread does last from Python 3.11 on, also one that began before the recording."""

    @functools.wraps(original)
    def end(self: threading.Thread) -> Any:
        if _active is not None:
            _active.ends()
        return original(self)

    return end
