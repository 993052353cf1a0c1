"""Part of the recorder concurrency.py: how long threads wait for locks, conditions, queues and one another.

`threading.Lock`, `RLock` and `queue.SimpleQueue` make timed ones while it records, and so do Condition, Semaphore,
Event, Barrier, Queue and executors that are made meanwhile; `Condition.wait` and `Thread.join` are timed for those of
before, too. A lock that is free costs one more call, and no clock is read. What modules keep that were imported
meanwhile goes on to work, and times nothing.
"""

from __future__ import annotations

import functools
import queue
import sys
import threading
import time
from concurrent.futures import _base as futures
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from perfbench.profiling.in_process.concurrency import Lines, Patches
    from perfbench.profiling.in_process.concurrency_threads import Thread, Threads

SHORTEST = 50e-6
"""Waits from here on are kept with their stacks; a shorter one costs less than its stack."""

_STANDARD = (threading.__file__, queue.__file__, futures.__file__)
_make_lock, _make_rlock = threading.Lock, threading.RLock
_SimpleQueue = queue.SimpleQueue
_get, _join = queue.SimpleQueue.get, threading.Thread.join

_active: Waits | None = None


class Waits:
    """What was waited for. Each thread adds to what is its own, so nothing is locked."""

    def __init__(self, lines: Lines, threads: Threads) -> None:
        self._lines, self._threads = lines, threads

    def begin(self, patches: Patches) -> None:
        """Time what waits from now on."""
        global _active  # noqa: PLW0603
        _active = self
        patches.put(threading, "Lock", TimedLock)
        patches.put(threading, "RLock", TimedRLock)
        patches.put(queue, "SimpleQueue", TimedSimpleQueue)
        patches.put(threading.Condition, "wait", _timed_wait(threading.Condition.wait))
        patches.put(threading.Thread, "join", _timed_join)

    def end(self) -> None:
        """Time nothing any more."""
        global _active  # noqa: PLW0603
        _active = None

    def timed(self, call: str, created: str, wait: Callable[..., Any], *args: Any) -> Any:
        """Wait, and keep how long it took; a wait within a wait is part of that."""
        thread = self._threads.here()
        if thread.waiting is not None:
            return wait(*args)
        begun = time.perf_counter()
        thread.waiting = (begun, call, created)
        try:
            return wait(*args)
        finally:
            seconds = time.perf_counter() - begun
            thread.waiting = None
            if _active is self:
                self._add(thread, call, created, seconds, sys._getframe(1))

    def take_unfinished(self) -> None:
        """Add the waits that are under way, up to now."""
        frames = sys._current_frames()
        for thread in self._threads.living():
            waiting = thread.waiting
            if waiting is not None:
                begun, call, created = waiting
                self._add(thread, call, created, time.perf_counter() - begun, frames.get(thread.ident))

    def caller(self, frame: FrameType | None) -> tuple[str, str]:
        """Where the program itself stands, and the call of the standard library that it made there, as `Queue.get`."""
        call = None
        while frame is not None and (self._lines.is_own(frame) or _waits(frame)):
            if not self._lines.is_own(frame):
                call = frame
            frame = frame.f_back
        place = "" if frame is None else self._lines.of(frame)
        if call is None:
            return place, ""
        name, owner = call.f_code.co_name, call.f_locals.get("self")
        if owner is None:
            return place, name
        return place, f"{type(owner).__name__}.{'acquire' if name == '__enter__' else name}"

    def rows(self) -> list[dict[str, Any]]:
        """A row for each place that waited and what it waited for, the longest wait first."""
        return [
            {
                "kind": kind,
                "created": created,
                "waited": place,
                "waits": waits,
                "seconds": seconds,
                "longest": longest,
            }
            for (kind, created, place), waits, seconds, longest in self._threads.merged(
                lambda thread: thread.places
            ).rows()
        ]

    def collapsed(self) -> list[tuple[tuple[str, ...], int]]:
        """Stacks and their microseconds."""
        return [(stack, round(seconds * 1e6)) for stack, _, seconds, _ in self._stacks()]

    def kept(self) -> int:
        """How many waits were kept with their stacks."""
        return sum(number for _, number, _, _ in self._stacks())

    def _stacks(self) -> list[tuple[Any, int, float, float]]:
        return self._threads.merged(lambda thread: thread.stacks).rows()

    def _add(self, thread: Thread, call: str, created: str, seconds: float, frame: FrameType | None) -> None:
        thread.waits += 1
        if call in (TimedLock.call, TimedRLock.call):
            thread.lock_wait += seconds
        else:
            thread.other_wait += seconds
        place, outer = self.caller(frame)
        thread.places.add((outer or call, created, place), seconds)
        if seconds >= SHORTEST:
            thread.stacks.add(self._lines.stack(frame) or ("?",), seconds)


def _waits(frame: FrameType) -> bool:
    """Whether it is the standard library that waits for its caller; what begins a thread has no caller."""
    code = frame.f_code
    begins = code.co_filename == threading.__file__ and code.co_name in (
        "run",
        "_bootstrap_inner",
        "_bootstrap",
    )
    return code.co_filename in _STANDARD and not begins


class _StandsFor(type):
    """What the real class has made counts as an instance, too."""

    real: Any

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.real) or type.__instancecheck__(cls, instance)


class TimedLock(metaclass=_StandsFor):
    """A lock that is timed while it is waited for. It may outlive the recording, and then is as any other."""

    __slots__ = ("__weakref__", "_created", "_lock", "_take", "release")
    real: Any = type(_make_lock())
    call = "Lock.acquire"

    def __init__(self) -> None:
        self._hold(_make_lock())

    def _hold(self, lock: Any) -> None:
        self._lock, self._take, self.release = lock, lock.acquire, lock.release
        self._created = "" if _active is None else _active.caller(sys._getframe(2))[0]

    def acquire(self, blocking: bool = True, timeout: float = -1) -> Any:
        """As the real one's."""
        if self._take(False):
            return True
        if not blocking or _active is None:
            return self._take(blocking, timeout)
        return _active.timed(self.call, self._created, self._take, blocking, timeout)

    def __enter__(self) -> Any:
        return self._take(False) or self.acquire()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lock, name)

    def __repr__(self) -> str:
        return repr(self._lock)

    def __reduce__(self) -> Any:
        raise TypeError(f"cannot pickle '{self.real.__name__}' object")


class TimedRLock(TimedLock):
    """The same for a lock that its owner may take again."""

    __slots__ = ()
    real = type(_make_rlock())
    call = "RLock.acquire"

    def __init__(self) -> None:
        self._hold(_make_rlock())


class TimedSimpleQueue(_SimpleQueue, metaclass=_StandsFor):  # type: ignore[type-arg]
    """A queue that is timed while it is empty and waited for."""

    real = _SimpleQueue

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """As the real one's."""
        if not block or _active is None:
            return _get(self, block, timeout)
        try:
            return _get(self, False)
        except queue.Empty:
            pass
        return _active.timed("SimpleQueue.get", "", _get, self, block, timeout)


def _timed_wait(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def wait(self: Any, timeout: float | None = None) -> Any:
        if _active is None:
            return original(self, timeout)
        created = getattr(getattr(self, "_lock", None), "_created", "")
        return _active.timed("Condition.wait", created, original, self, timeout)

    return wait


@functools.wraps(_join)
def _timed_join(self: threading.Thread, timeout: float | None = None) -> Any:
    if _active is None or not self.is_alive():
        return _join(self, timeout)
    return _active.timed("Thread.join", "", _join, self, timeout)
