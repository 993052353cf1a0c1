"""Neighbours that come and go: processes that disturb a machine for as long as a `with` block lasts.

Each is at work and at rest in turn, for 0.3 to 3 s at a time, by a seed. None outlives the process that
started it, however that ends: each watches a pipe from it.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SHORTEST, LONGEST = 0.3, 3.0
"""Seconds that a neighbour works or rests."""

COPIED = 64 * 1024 * 1024
"""Bytes: more than any cache holds."""

WRITTEN = 4 * 1024 * 1024

KINDS = ("cpu", "memory", "none")


@contextlib.contextmanager
def noise(kind: str, seed: int, folder: Path) -> Iterator[tuple[int, ...]]:
    """Disturb the machine during the block; gives the neighbours' process ids.

    `cpu` is one busy loop for each core, `memory` one neighbour that copies memory and one that writes to
    the disk below `folder`. Where they run is the kernel's choice.
    """
    works = {"cpu": ["loop"] * (os.cpu_count() or 1), "memory": ["copy", "write"], "none": []}[kind]
    with contextlib.ExitStack() as stack:
        yield tuple(
            stack.enter_context(_neighbour(work, f"{seed}-{number}", folder))
            for number, work in enumerate(works)
        )


@contextlib.contextmanager
def _neighbour(work: str, seed: str, folder: Path) -> Iterator[int]:
    argv = [sys.executable, "-I", __file__, work, seed, str(folder)]
    # A session of its own: Ctrl-C is for the parent, which ends it.
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield process.pid
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def _loop(_folder: str) -> Iterator[Callable[[], object]]:
    def spin() -> None:
        for _ in range(2000):
            pass

    yield spin


@contextlib.contextmanager
def _copy(_folder: str) -> Iterator[Callable[[], object]]:
    source, target = bytearray(os.urandom(1024)) * (COPIED // 1024), memoryview(bytearray(COPIED))

    def copy() -> None:
        target[:] = source

    yield copy


@contextlib.contextmanager
def _write(folder: str) -> Iterator[Callable[[], object]]:
    block = os.urandom(WRITTEN)
    with tempfile.TemporaryFile(dir=folder) as file:

        def write() -> None:
            file.seek(0)
            file.write(block)
            file.flush()
            os.fsync(file.fileno())

        yield write


_WORKS = {"loop": _loop, "copy": _copy, "write": _write}


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _disturb(work: str, seed: str, folder: str) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    moods = random.Random(seed)  # noqa: S311  (to be repeated, not to be secret)
    with _WORKS[work](folder) as step:
        while True:
            time.sleep(moods.uniform(SHORTEST, LONGEST))
            until = time.monotonic() + moods.uniform(SHORTEST, LONGEST)
            while time.monotonic() < until:
                step()


if __name__ == "__main__":
    _disturb(*sys.argv[1:])
