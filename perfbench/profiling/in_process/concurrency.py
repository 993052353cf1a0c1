"""Recorder, loaded by path in the process that is profiled: what threads and asyncio's tasks wait for.

It runs on Python 3.8 or newer. The files `concurrency_*.py` beside it are its parts, which it loads by path as
well: threads, waits, tasks and the GIL. Options: `out`, where the collapsed stacks of the waits of 50 µs and more
go, `function (file:line);… MICROSECONDS`; `details`, where the JSON goes that concurrency_report.py reads, all times
in seconds; `slow`, the seconds from which on a callback is told of for holding its loop (0.1).
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType

VERSION = 1
DEEPEST = 128
MOST_KEYS = 5_000
OTHER = "(others)"

_active: _Recorder | None = None


def start(options: dict[str, Any]) -> None:
    """Begin to record. Raises RuntimeError where it runs already; then, and after any error, nothing is changed."""
    global _active  # noqa: PLW0603
    if _active is not None:
        raise RuntimeError("concurrency is being recorded already")
    recorder = _Recorder(options)
    try:
        recorder.begin()
    except BaseException:
        recorder.put_back()
        raise
    _active = recorder


def stop() -> dict[str, Any]:
    """Put everything back and write the files; `samples` is how many waits were kept with their stacks.

    Raises RuntimeError where nothing is being recorded, OSError for a file that cannot be written.
    """
    global _active
    if _active is None:
        raise RuntimeError("concurrency is not being recorded")
    recorder, _active = _active, None
    try:
        return recorder.end()
    finally:
        recorder.put_back()


class _Recorder:
    """One recording, from start to stop."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._out, self._details = str(options["out"]), str(options["details"])
        self._patches = Patches()
        lines = Lines()
        self._gil = _part("gil").watch()
        self._threads = _part("threads").Threads(Sums, without=self._gil.ident)
        self._waits = _part("waits").Waits(lines, self._threads)
        self._tasks = _part("tasks").Tasks(lines, Sums, float(options.get("slow", 0.1)))
        self._begun = 0.0

    def begin(self) -> None:
        self._begun = time.perf_counter()
        for part in (self._threads, self._waits, self._tasks):
            part.begin(self._patches)

    def put_back(self) -> None:
        """Leave everything as it was found, as far as it is not so yet."""
        self._hear_no_more()
        self._patches.restore()
        self._gil.end()

    def end(self) -> dict[str, Any]:
        seconds = time.perf_counter() - self._begun
        self._hear_no_more()
        self._waits.take_unfinished()
        threads, tasks = self._threads.rows(), self._tasks.rows()
        self.put_back()
        notes = [*self._patches.notes, *self._threads.notes(), *self._tasks.notes()]
        found = {
            "perfbench_concurrency": VERSION,
            "seconds": seconds,
            "threads": threads,
            "locks": self._waits.rows(),
            "tasks": tasks,
            "slow_callbacks": self._tasks.slow_rows(),
            "gil": {"share": self._gil.share(seconds), "method": self._gil.method},
            "notes": notes,
        }
        with open(self._details, "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump(found, file)
        with open(self._out, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123
            file.writelines(f"{';'.join(stack)} {weight}\n" for stack, weight in self._waits.collapsed())
        return {"samples": self._waits.kept(), "seconds": seconds, "notes": notes}

    def _hear_no_more(self) -> None:
        for part in (self._threads, self._waits, self._tasks):
            part.end()


class Patches:
    """What was replaced, and how to put it back."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._done: list[tuple[Any, str, Any, bool, Any]] = []

    def put(self, owner: Any, name: str, new: Any) -> None:
        """Replace an attribute of a module or a class until `restore`."""
        there = vars(owner)
        self._done.append((owner, name, there.get(name), name in there, new))
        setattr(owner, name, new)

    def restore(self) -> None:
        """Put back what is still as `put` has left it."""
        while self._done:
            owner, name, old, had, new = self._done.pop()
            if vars(owner).get(name) is not new:
                # Whoever replaced it since calls ours, which from now on only calls the original.
                self.notes.append(
                    f"{owner.__name__}.{name} was replaced during the recording and was left so"
                )
            elif had:
                setattr(owner, name, old)
            else:
                delattr(owner, name)


class Lines:
    """Lines of code as `function (file:line)`, each written once; the recorder's own are left out of stacks."""

    def __init__(self) -> None:
        self._texts: dict[tuple[int, int], tuple[str, CodeType]] = {}

    def of(self, frame: FrameType) -> str:
        """The line at which a frame is."""
        code, line = frame.f_code, frame.f_lineno or 0
        key = (id(code), line)
        if key not in self._texts:
            file = "".join(
                "_" if sign == ";" or not sign.isprintable() else sign for sign in code.co_filename
            )
            # The code is kept, so that no other one gets its id.
            self._texts[key] = (f"{getattr(code, 'co_qualname', code.co_name)} ({file}:{line})", code)
        return self._texts[key][0]

    def stack(self, frame: FrameType | None, most: int = DEEPEST) -> tuple[str, ...]:
        """The innermost frames, from the root."""
        found: list[str] = []
        while frame is not None and len(found) < most:
            if not self.is_own(frame):
                found.append(self.of(frame))
            frame = frame.f_back
        return tuple(reversed(found))

    @staticmethod
    def is_own(frame: FrameType) -> bool:
        """Whether the frame is the recorder's."""
        return frame.f_code.co_filename.startswith(_OWN)


class Sums:
    """Number, seconds and longest by key; after many keys, new ones are summed up as one."""

    def __init__(self, other: Any) -> None:
        self.other = other
        self._kept: dict[Any, list[float]] = {}

    def add(self, key: Any, seconds: float) -> None:
        """Count one."""
        self._take(key, 1, seconds, seconds)

    def take(self, parts: Iterable[Sums]) -> Sums:
        """Add all of the parts, which may still be added to."""
        for part in parts:
            for key, number, seconds, longest in part.rows():
                self._take(key, number, seconds, longest)
        return self

    def rows(self) -> list[tuple[Any, int, float, float]]:
        """Key, number, seconds and longest, those of the most seconds first."""
        found = [
            (key, int(number), seconds, longest)
            for key, (number, seconds, longest) in list(self._kept.items())
        ]
        return sorted(found, key=lambda row: -row[2])

    def _take(self, key: Any, number: int, seconds: float, longest: float) -> None:
        if key not in self._kept and len(self._kept) >= MOST_KEYS:
            key = self.other
        kept = self._kept.setdefault(key, [0, 0.0, 0.0])
        kept[:] = [kept[0] + number, kept[1] + seconds, max(kept[2], longest)]


def _part(name: str) -> Any:
    """The file `concurrency_NAME.py` beside this one, as a module of its own."""
    place = f"{_OWN}_{name}.py"
    spec = importlib.util.spec_from_file_location(f"perfbench_recorder_{name}", place)
    if spec is None or spec.loader is None:
        raise ImportError(f"there is no recorder {place}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_OWN = os.path.splitext(Sums.add.__code__.co_filename)[0]  # noqa: PTH122
"""What the names of the recorder's files begin with."""
