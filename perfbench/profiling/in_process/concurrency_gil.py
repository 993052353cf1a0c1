"""Part of the recorder concurrency.py: how much of its time a thread waits for the GIL.

gilknocker (https://github.com/milesgranger/gilknocker) tells where it can be imported, else a thread that sleeps.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import warnings
from typing import Any

KNOCK_MICROSECONDS = 1_000
SHORTEST_KNOCKING = 0.1
"""gilknocker has no sample of its own before that, in seconds."""
KNOCKERS_LEAVE_SECONDS = 0.5
"""Its last thread is gone after so many seconds, where the system does not say that it is gone sooner."""
PROBE_SECONDS = 0.005
LATE_SECONDS = 1e-4
"""A probe has waited for the GIL if it wakes later than one in a quiet process by this."""


class NoGil:
    """A Python without a GIL."""

    method = "this Python runs without a GIL"
    ident: int | None = None

    def end(self) -> None:
        """There is nothing to end."""

    def share(self, _seconds: float) -> float | None:
        """Nobody waits for it."""
        return 0.0


class Knocker:
    """gilknocker: a thread outside of Python that asks for the GIL, half of the time.

    A thread of its own that still asks for the GIL while Python ends would abort the process: Python unwinds it, and
    Rust does not let itself be unwound. `stop` waits for the one, `end` for the other that it leaves. What is forked
    meanwhile has neither of them, and would wait in vain: nothing is ended there, not even where Python ends.
    """

    method = "gilknocker: share of its time that a thread which asks for the GIL every 1 ms waits for it"
    ident: int | None = None

    def __init__(self, knock: Any) -> None:
        self._knocker = knock(KNOCK_MICROSECONDS, 10 * KNOCK_MICROSECONDS, 10 * KNOCK_MICROSECONDS)
        self._share: float | None = None
        self._before = _thread_ids()
        self._process = os.getpid()
        self._knocker.start()
        atexit.register(self.end)

    def end(self) -> None:
        """Knock no more, and come back when nobody does."""
        if self._share is not None:
            return
        if os.getpid() != self._process:
            atexit.unregister(self._knocker.stop)  # which it has registered itself
            return
        self._share = float(self._knocker.contention_metric)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where its thread takes long to end
            self._knocker.stop()
        atexit.unregister(self.end)
        patience = time.perf_counter() + KNOCKERS_LEAVE_SECONDS
        while time.perf_counter() < patience:
            time.sleep(10 * KNOCK_MICROSECONDS / 1e6)
            python = {str(thread.native_id) for thread in threading.enumerate()}
            if self._before and not _thread_ids() - self._before - python:
                break

    def share(self, seconds: float) -> float | None:
        """From 0 to 1; None for a recording that was too short."""
        return self._share if seconds >= SHORTEST_KNOCKING else None


class SleepProbe:
    """A thread that sleeps: to wake up it needs the GIL, and is late by as long as it waits for that.

    What it waited for a CPU does not count, where the system tells.
    """

    method = "own probe: share of the wake-ups, every 5 ms, that found the GIL taken"

    def __init__(self) -> None:
        # The quickest quarter is quiet in a busy process, too.
        late = sorted(_late(0.001) for _ in range(20))
        self._quiet = min(late[5], 5 * LATE_SECONDS)
        self._probes = self._waited = 0
        self._over = False
        self._thread = threading.Thread(target=self._run, name="perfbench GIL probe", daemon=True)
        self._thread.start()
        self.ident = self._thread.ident

    def end(self) -> None:
        """Sleep no more."""
        if not self._over:
            self._over = True
            self._thread.join()

    def share(self, _seconds: float) -> float | None:
        """From 0 to 1; None where it never woke up."""
        return self._waited / self._probes if self._probes else None

    def _run(self) -> None:
        while not self._over:
            self._waited += _late(PROBE_SECONDS) > self._quiet + LATE_SECONDS
            self._probes += 1


def watch() -> NoGil | Knocker | SleepProbe:
    """Begin to watch, with the best that there is."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return NoGil()
    try:
        from gilknocker import KnockKnock  # noqa: PLC0415

        return Knocker(KnockKnock)
    except Exception:  # whatever keeps a library of C from being imported
        return SleepProbe()


def _thread_ids() -> set[str]:
    """All threads of the process; Linux alone tells."""
    try:
        return set(os.listdir("/proc/self/task"))  # noqa: PTH208
    except OSError:
        return set()


def _late(seconds: float) -> float:
    """By how many seconds a sleep was too long, without those in which the thread waited for a CPU."""
    queued, begun = _queued(), time.perf_counter()
    time.sleep(seconds)
    late = time.perf_counter() - begun - seconds
    return late - (_queued() - queued)


def _queued() -> float:
    try:
        with open("/proc/thread-self/schedstat", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
