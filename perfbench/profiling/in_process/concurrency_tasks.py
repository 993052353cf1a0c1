"""Part of the recorder concurrency.py: asyncio's tasks, how long each ran on its loop and waited, and slow callbacks.

`asyncio.events.Handle._run` times each step of each task on asyncio's own loops, and `create_task` keeps where a
task was made, on every loop that there is or will be. The first step of an eager task counts as its creator's, too.
uvloop runs its callbacks in C: of its tasks the steps are not seen.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import sys
import threading
import time
import weakref
from asyncio import base_events, events
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from perfbench.profiling.in_process.concurrency import Lines, Patches, Sums

CREATION_DEPTH = 16
MOST_GROUPS = 5_000
LONGEST_CHAIN = 128
SHOWN_CHAIN = 4
"""So many of the coroutines that a task is in are named, the innermost ones."""
_OTHER = "(others)"
_EARLIER = ("(before the recording)",)
_INSIDE_ASYNCIO = f"({os.path.dirname(asyncio.__file__)}{os.sep}"  # noqa: PTH120

_active: Tasks | None = None


class Task(weakref.ref):  # type: ignore[type-arg]
    """What is known of a task while it lives; `ran` is None where its steps are not seen."""

    __slots__ = ("begun", "key", "name", "ran", "stack")
    begun: float
    key: int
    name: str
    ran: float | None
    stack: tuple[str, ...]


class Group:
    """Tasks that are alike."""

    __slots__ = ("count", "oldest", "ran", "waited")

    def __init__(self) -> None:
        self.count = 0
        self.ran: float | None = 0.0
        self.waited = self.oldest = 0.0

    def add(self, age: float, ran: float | None) -> None:
        """Count one of so many seconds."""
        self.count += 1
        self.ran = None if ran is None or self.ran is None else self.ran + ran
        self.waited += max(0.0, age - (ran or 0.0))
        self.oldest = max(self.oldest, age)


class Tasks:
    """The tasks of all loops: those that live one by one, those that are over in groups."""

    def __init__(self, lines: Lines, sums: Callable[[Any], Sums], slow: float) -> None:
        self._lines, self._slow_from = lines, slow
        self._living: dict[int, Task] = {}
        self._over: dict[tuple[str, tuple[str, ...], str], Group] = {}
        self._slow = sums(_OTHER)
        self._uvloop = "uvloop" in sys.modules
        self._unseen_steps = False
        # Loops may run in several threads, and the collector may end a task within any of them.
        self._lock = threading.RLock()

    def begin(self, patches: Patches) -> None:
        """Follow tasks from now on."""
        global _active  # noqa: PLW0603
        _active = self
        patches.put(events.Handle, "_run", _timed_run(events.Handle._run))
        loops = [base_events.BaseEventLoop, *([sys.modules["uvloop"].Loop] if self._uvloop else [])]
        for loop in loops:
            patches.put(loop, "create_task", _noted_creation(loop.create_task))

    def end(self) -> None:
        """Follow none any more."""
        global _active  # noqa: PLW0603
        _active = None

    def created(self, task: Any, coroutine: Any, loop: Any, seconds: float, frame: FrameType | None) -> None:
        """A loop has made a task of a coroutine, which may have run already if it is eager."""
        timed = isinstance(loop, base_events.BaseEventLoop)
        self._unseen_steps |= not timed
        record = self._follow(task, coroutine, self._creation(frame), timed)
        if record is None:
            return
        record.begun -= seconds
        if timed and (task.done() or getattr(coroutine, "cr_await", None) is not None):
            record.ran = seconds
        if task.done():
            self._finish(record, task)
        elif not timed:
            task.add_done_callback(self._done)

    def stepped(self, callback: Any, seconds: float) -> None:
        """A loop has run a callback, which may have been a step of a task."""
        task = getattr(callback, "__self__", None)
        record = self._living.get(id(task))
        if record is None and isinstance(task, asyncio.Task):
            record = self._follow(task, task.get_coro(), _EARLIER, True)
        if seconds >= self._slow_from:
            with self._lock:
                self._slow.add(_described(callback), seconds)
        if record is not None:
            record.ran = (record.ran or 0.0) + seconds
            if task is not None and task.done():
                self._finish(record, task)

    def rows(self) -> list[dict[str, Any]]:
        """A row for the tasks of one place, state and await, those alive first, and then those of most seconds."""
        now = time.perf_counter()
        alive: dict[tuple[str, tuple[str, ...], str, str], Group] = {}
        for record in list(self._living.values()):
            task = record()
            if task is not None and not task.done():
                key = (record.name, record.stack, "alive", self._awaited(task))
                alive.setdefault(key, Group()).add(now - record.begun, record.ran)
        over = [((*key, ""), group) for key, group in list(self._over.items())]
        found = sorted([*alive.items(), *over], key=lambda item: (item[0][2] != "alive", -item[1].waited))
        return [
            {
                "name": name,
                "created": _created_at(stack),
                "stack": list(stack),
                "state": state,
                "awaiting": awaited,
                "count": group.count,
                "ran": group.ran,
                "waited": group.waited,
                "oldest": group.oldest,
            }
            for (name, stack, state, awaited), group in found[:MOST_GROUPS]
        ]

    def slow_rows(self) -> list[dict[str, Any]]:
        """A row for each function that held its loop for long."""
        return [
            {"name": name, "count": number, "seconds": seconds, "longest": longest}
            for name, number, seconds, longest in self._slow.rows()
        ]

    def notes(self) -> list[str]:
        """What the rows lack."""
        notes = []
        if "uvloop" in sys.modules and not self._uvloop:
            notes.append("uvloop was imported during the recording: the tasks of its loops were not seen")
        if self._unseen_steps:
            notes.append("how long tasks ran is not known of loops that are not asyncio's own")
        return notes

    def _follow(self, task: Any, coroutine: Any, stack: tuple[str, ...], timed: bool) -> Task | None:
        try:
            record = Task(task, self._collected)
        except TypeError:  # a task factory may make anything, even what cannot be referred to weakly
            return None
        record.key, record.stack, record.begun = id(task), stack, time.perf_counter()
        record.ran = 0.0 if timed else None
        record.name = getattr(coroutine, "__qualname__", type(coroutine).__qualname__)
        self._living[record.key] = record
        return record

    def _done(self, task: Any) -> None:
        if (record := self._living.get(id(task))) is not None:
            self._finish(record, task)

    def _collected(self, record: Any) -> None:
        """Nobody held the task any more, and it was collected before it was done."""
        if record.key in self._living and self._living[record.key] is record:
            self._finish(record, None)

    def _finish(self, record: Task, task: Any) -> None:
        self._living.pop(record.key, None)
        state = "collected" if task is None else "cancelled" if task.cancelled() else "finished"
        with self._lock:
            key = (record.name, record.stack, state)
            if key not in self._over and len(self._over) >= MOST_GROUPS:
                key = (_OTHER, (_OTHER,), state)
            self._over.setdefault(key, Group()).add(time.perf_counter() - record.begun, record.ran)

    def _creation(self, frame: FrameType | None) -> tuple[str, ...]:
        """The innermost frames, from the callback that the loop ran."""
        outer, frames = frame, 0
        while outer is not None and frames < CREATION_DEPTH and not _runs_callback(outer):
            frames += not self._lines.is_own(outer)
            outer = outer.f_back
        return self._lines.stack(frame, frames)

    def _awaited(self, task: Any) -> str:
        """The coroutines that a task is in, the outermost first, each with the line at which it waits."""
        inner: Any = task.get_coro()
        chain: list[str] = []
        state = inspect.getcoroutinestate(inner) if inspect.iscoroutine(inner) else inspect.CORO_SUSPENDED
        if state != inspect.CORO_SUSPENDED:
            return "not started" if state == inspect.CORO_CREATED else "running"
        while inner is not None and len(chain) < LONGEST_CHAIN:
            frame = _first(inner, "cr_frame", "gi_frame", "ag_frame")
            if frame is None:
                break
            chain.append(self._lines.of(frame))
            inner = _first(inner, "cr_await", "gi_yieldfrom", "ag_await")
        return " > ".join(chain[-SHOWN_CHAIN:])


def _runs_callback(frame: FrameType) -> bool:
    return frame.f_code.co_filename == events.__file__ and frame.f_code.co_name == "_run"


def _created_at(stack: tuple[str, ...]) -> str:
    """The innermost frame that is not asyncio's own."""
    outside = (line for line in reversed(stack) if _INSIDE_ASYNCIO not in line)
    return next(outside, stack[-1] if stack else "")


def _described(callback: Any) -> str:
    """What a callback runs: a coroutine or a function, with its file."""
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        callback = task.get_coro()
    while isinstance(callback, functools.partial):
        callback = callback.func
    code = _first(callback, "__code__", "cr_code", "gi_code")
    name: str = getattr(callback, "__qualname__", type(callback).__qualname__)
    return name if code is None else f"{name} ({code.co_filename}:{code.co_firstlineno})"


def _first(thing: Any, *names: str) -> Any:
    """The first of the attributes that there is and that is not None."""
    return next((found for name in names if (found := getattr(thing, name, None)) is not None), None)


def _timed_run(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def run(self: Any) -> Any:
        if _active is None:
            return original(self)
        callback, begun = (
            self._callback,
            time.perf_counter(),
        )  # a handle that is cancelled forgets its callback
        try:
            return original(self)
        finally:
            seconds = time.perf_counter() - begun
            if _active is not None:
                _active.stepped(callback, seconds)

    return run


def _noted_creation(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def create_task(self: Any, coro: Any, *args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter()
        task = original(self, coro, *args, **kwargs)
        if _active is not None:
            # `task.get_coro()` of an eager task that is done crashes Python 3.12.
            _active.created(task, coro, self, time.perf_counter() - begun, sys._getframe(1))
        return task

    return create_task
