"""tracemalloc's life and what it has traced: begun once, left as it was found, read as stacks."""

from __future__ import annotations

import threading
import tracemalloc

from perfbench.errors import MeasurementError, UsageError
from perfbench.profiling.allocations.places import Stack

DEEPEST = 1024
"""tracemalloc would take more; a stack beyond that is a recursion, and its memory the tracer's."""

Held = dict[Stack, tuple[int, int]]
"""Stack → the bytes and the memory blocks that it has allocated and not yet freed."""


class _Tracing:
    """tracemalloc, shared by all who need it here at one time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._begun_here = False

    def begin(self, depth: int) -> bool:
        with self._lock:
            begins = not tracemalloc.is_tracing()
            if begins:
                tracemalloc.start(depth)
                self._begun_here = True
            self._users += 1
        return begins

    def end(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._begun_here:
                self._begun_here = False
                tracemalloc.stop()


_tracing = _Tracing()


def begin(depth: int) -> bool:
    """Trace from now on, `depth` frames deep, or go on with tracing that runs; `end` must follow.

    Says whether tracing has begun with this: then nothing is known to be allocated. Raises UsageError for a depth
    below 1 or above 1024.
    """
    if not 1 <= depth <= DEEPEST:
        raise UsageError(f"a stack cannot be traced {depth} frames deep", f"choose 1 to {DEEPEST} frames")
    return _tracing.begin(depth)


def end() -> None:
    """Stop tracing, if it was begun here and nobody else here needs it any more."""
    _tracing.end()


def allocated() -> Held:
    """What is allocated now of all that was traced. Raises MeasurementError where tracing was stopped meanwhile."""
    if not tracemalloc.is_tracing():
        raise MeasurementError(
            "tracemalloc was stopped while allocations were traced", "call tracemalloc.stop() after the block"
        )
    # Grouped by tracemalloc itself, so that a million blocks are as many groups as there are stacks.
    groups = tracemalloc.take_snapshot().statistics("traceback")
    return {
        tuple([(frame.filename, frame.lineno) for frame in group.traceback]): (group.size, group.count)
        for group in groups
    }
