"""Operations that keep something of every call, for the children that count what stays.

It imports little, so that a child starts quickly.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import _operations
from benchmarks._operations import sandbox_life
from benchmarks._running import usable

MALLOC = ctypes.CDLL(None).malloc
MALLOC.restype = ctypes.c_void_p

kept: list[object] = []


async def _sleep() -> None:
    await asyncio.sleep(3600)


def _task() -> object:
    loop = asyncio.new_event_loop()
    return loop, loop.create_task(_sleep())


KEEP: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "pause": lambda: time.sleep(0.02),
    "garbage": lambda: {str(number): [number] for number in range(100)},
    "objects": lambda: kept.append(bytes(1024 - 33)),
    "malloc": lambda: MALLOC(1024),
    "threads": lambda: threading.Thread(target=threading.Event().wait, daemon=True).start(),
    "descriptors": lambda: os.open(os.devnull, os.O_RDONLY),
    "processes": lambda: kept.append(subprocess.Popen(["sleep", "60"])),
    "tasks": lambda: kept.append(_task()),
}


@contextmanager
def keeping(what: str) -> Iterator[Callable[[], object]]:
    """An operation that keeps something of each call."""
    yield KEEP[what]
    for one in kept:
        if isinstance(one, subprocess.Popen):
            one.kill()
            one.wait()


@contextmanager
def failing(reason: str) -> Iterator[Callable[[], object]]:
    """An operation that is not there, or fails."""
    if reason == "absent":
        raise NotImplementedError("it is not installed; install it")

    def fail() -> None:
        raise ValueError(reason)

    yield fail


@contextmanager
def sleeping(note: str) -> Iterator[Callable[[], object]]:
    """An operation that says whose process it is in, and does not end."""

    def sleep() -> None:
        Path(note).write_text(f"{os.getpid()}.")
        time.sleep(3600)

    yield sleep


@contextmanager
def forgetting(name: str) -> Iterator[Callable[[], object]]:
    """Sandboxes that are never removed."""
    with sandbox_life(name):
        runtime = usable(name)

        def forget() -> None:
            sandbox = runtime.create()
            _operations.recent.append(sandbox.id)
            kept.append(sandbox)

        yield forget
