"""Allocations of one call, counted by memray: exact, and the same in every run.

A marked allocation after each call cuts what memray writes down into calls. Nothing else may allocate
meanwhile: the collector is off, and the calls run in a thread of their own, so that the depth of the
caller's stack changes nothing (a deep one makes Python ask for another piece of stack). memray's profile
function is taken out, since it has Python make a frame object for every call; what is lost by that is only
where an allocation came from.

A reallocation counts as an allocation of its new size. What Python keeps in its free lists costs nothing
once they are warm, as in any long-lived process.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from memray import FileReader

CALLS = 64
"""Of one block: a power of two, so that a count per call is exact whatever it is."""
BLOCKS = 5
WARM = 8
"""Calls between the collection before a block and the block: a collection empties Python's free lists."""
MARK = 59_999
"""The length of the bytes object that stands between two calls: no operation is likely to ask for one."""
HEADER = sys.getsizeof(b"")
FREEING = {"FREE", "MUNMAP", "PYMALLOC_FREE"}

Prepared = Callable[[], AbstractContextManager[Callable[[], object]]]
"""Makes what an operation needs, and gives the operation."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Count:
    """What one call asks for. Both are whole numbers where every call does the same."""

    bytes: float
    allocations: float


def counted(prepared: Prepared) -> Count:
    """What a call of the operation allocates once it is warm.

    It is the mean of a block of calls, where most blocks agree call by call. Where something makes them differ
    that happens to some calls (a dictionary that grows, a time with a digit less), it is the median of all
    calls. Raises RuntimeError where that would be another in the next run.
    """
    _require_memray()
    return in_a_thread(lambda: _counted(prepared))


def peak_of(prepared: Prepared) -> int:
    """Bytes that one call holds at its highest above what was there before it, once it is warm."""
    _require_memray()
    return in_a_thread(lambda: _peak_of(prepared))


def in_a_thread(function: Callable[[], Result]) -> Result:
    """What the function gives or raises, in a thread of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


def _counted(prepared: Prepared) -> Count:
    with prepared() as operation:
        for _ in range(CALLS):
            operation()
        blocks = [_block(operation) for _ in range(BLOCKS)]
    alike, times = Counter(_in_order(block) for block in blocks).most_common(1)[0]
    if times > BLOCKS // 2:
        return Count(*(sum(column) / CALLS for column in zip(*alike, strict=True)))
    calls = [call for block in blocks for call in block]
    return Count(_middle([call.bytes for call in calls]), _middle([call.allocations for call in calls]))


def _middle(values: list[float]) -> float:
    """The median. Raises RuntimeError where the middle fifth of the calls is not alike."""
    values.sort()
    low, middle, high = (values[int(len(values) * share)] for share in (0.4, 0.5, 0.6))
    if low != high:
        raise RuntimeError(
            f"its calls do not ask for the same ({low:g} to {high:g}): a figure would be another in the next run"
        )
    return middle


def _block(operation: Callable[[], object]) -> list[Count]:
    """What each call of one block asks for."""
    from memray import AllocatorType  # noqa: PLC0415

    freeing = {kind.value for kind in AllocatorType if kind.name in FREEING}
    calls = []
    warm, turns = repeat(None, WARM), repeat(None, CALLS)
    with _tracked(lambda: _marked(operation, turns), lambda: _marked(operation, warm)) as reader:
        size = number = 0
        for one in reader.get_allocation_records():
            if one.size == MARK + HEADER:
                calls.append(Count(size, number))
                size = number = 0
            elif one.allocator not in freeing:
                size += one.size
                number += 1
    if len(calls) != CALLS + 1:
        raise RuntimeError(f"it allocates bytes objects of {MARK}, which mark the end of a call here")
    return calls[1:]


def _in_order(block: list[Count]) -> tuple[tuple[float, float], ...]:
    """The calls of a block from the same place in their cycle, if they have one, wherever the block began.

    Sums would not do: those of calls that differ by chance are often enough the same.
    """
    calls = [(call.bytes, call.allocations) for call in block]
    return tuple(min(calls[start:] + calls[:start] for start in range(len(calls))))


def _marked(operation: Callable[[], object], turns: Iterator[None]) -> None:
    bytes(MARK)
    for _ in turns:
        operation()
        bytes(MARK)


def _peak_of(prepared: Prepared) -> int:
    with prepared() as operation, _tracked(operation, before=operation) as reader:
        return int(reader.metadata.peak_memory)


@contextmanager
def _tracked(run: Callable[[], object], before: Callable[[], object] = lambda: None) -> Iterator[FileReader]:
    """Call `before`, then `run` under memray; gives what memray wrote down."""
    from memray import FileReader, Tracker  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="perfbench-memray.") as folder:
        file = os.path.join(folder, "allocations")  # noqa: PTH118  (memray takes either)
        collecting = gc.isenabled()
        gc.collect()
        gc.disable()
        try:
            before()
            with Tracker(file, trace_python_allocators=True):
                sys.setprofile(None)
                run()
        finally:
            if collecting:
                gc.enable()
        with FileReader(file) as reader:
            yield reader


def _require_memray() -> None:
    try:
        import memray  # noqa: F401, PLC0415
    except ImportError:
        raise NotImplementedError("memray is not installed; pip install memray") from None
