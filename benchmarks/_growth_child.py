"""The process in which an operation is called again and again, and what it keeps is counted.

    benchmarks._growth_child MODULE:FUNCTION ARGUMENT BLOCKS CALLS SECONDS, as _growth.py starts it

Counted are the bytes in use, exactly and not as pages that happen to be in memory: Python's objects come
from malloc here (PYTHONMALLOC), which knows what it has lent out; what was mapped without malloc (the heap
of V8, memory of WebAssembly, stacks of threads) is added. Threads, file descriptors, processes and tasks
are counted before and after. One JSON object on standard output says all of it.

The process ends without its exit handlers, so that a sandbox that it forgot is still there to be found.
"""

from __future__ import annotations

import array
import asyncio
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import _operations, _stores

SETTLES_WITHIN = 2.0
"""Seconds after which a thread or process that was told to end counts as left."""
FIELDS = (
    "arena",
    "ordblks",
    "smblks",
    "hblks",
    "hblkhd",
    "usmblks",
    "fsmblks",
    "uordblks",
    "fordblks",
    "keepcost",
)


class Mallinfo(ctypes.Structure):
    """glibc's `struct mallinfo2`: `arena` is what malloc holds, `uordblks` what of it is in use."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in FIELDS)


def bytes_in_use() -> Callable[[], int]:
    """A function that gives the bytes in use by this process. Raises NotImplementedError without glibc 2.33."""
    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        raise NotImplementedError("growth is counted by glibc's mallinfo2, which is not here") from None
    mallinfo.restype = Mallinfo
    page = resource.getpagesize()

    def used() -> int:
        with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123  (it makes fewest objects)
            data = int(file.read(200).split()[5]) * page
        found = mallinfo()
        return int(data - found.arena + found.uordblks)

    return used


def belongings() -> dict[str, int]:
    """How many threads, file descriptors, child processes and unfinished tasks this process has."""
    own = os.getpid()
    return {
        "threads": len(os.listdir("/proc/self/task")),  # noqa: PTH208
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        "processes": len(_descendants(own)),
        "tasks": sum(isinstance(one, asyncio.Task) and not one.done() for one in gc.get_objects()),
    }


def _descendants(pid: int) -> list[int]:
    found = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return []
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children") as file:  # noqa: PTH123
                children = [int(child) for child in file.read().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


def observe(operation: Callable[[], object], blocks: int, calls: int, seconds: float) -> dict[str, Any]:
    """Call the operation in `blocks` of up to `calls`, for about so many seconds in all.

    Half of the blocks are made even where they take longer.
    """
    used = bytes_in_use()
    operation()
    start = time.perf_counter()
    operation()
    cost = max(time.perf_counter() - start, 1e-6)
    calls = max(1, min(calls, int(seconds / blocks / cost)))
    gc.collect()
    gc.freeze()  # what is there by now need not be looked through after every block
    before = belongings()
    seen = array.array("q", bytes(8 * blocks))  # of its full size from the start: it must not grow itself
    for block in range(blocks):
        if block >= blocks // 2 and time.perf_counter() - start > seconds:
            del seen[block:]
            break
        for _ in range(calls):
            operation()
        _empty_caches()
        seen[block] = used()
    return {
        "calls": calls,
        "bytes": seen.tolist(),
        "before": before,
        "after": _settled(before),
        "made": list(_operations.recent),
    }


def _empty_caches() -> None:
    """Collect garbage, and empty the standard library's caches that keep a bounded number of names.

    Python's cache of attributes keeps 4,096 names by their address, and so takes hundreds of calls to fill;
    urllib's keeps the last 128 addresses.
    """
    gc.collect()
    getattr(sys, "_clear_internal_caches", sys._clear_type_cache)()
    if "urllib.parse" in sys.modules:
        sys.modules["urllib.parse"].clear_cache()


def _settled(before: Mapping[str, int]) -> dict[str, int]:
    deadline = time.monotonic() + SETTLES_WITHIN
    while True:
        gc.collect()
        after = belongings()
        if time.monotonic() > deadline or all(after[name] <= before[name] for name in before):
            return after
        time.sleep(0.01)


def main(place: str, argument: str, blocks: str, calls: str, seconds: str) -> None:
    """Print what was observed, or `{"skipped": reason}`."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # it goes with its parent
    module, _, function = place.partition(":")
    prepared = getattr(importlib.import_module(module), function)
    try:
        with prepared(argument) as operation:
            found = observe(operation, int(blocks), int(calls), float(seconds))
            sys.stdout.write(json.dumps(found) + "\n")
    except NotImplementedError as error:
        sys.stdout.write(json.dumps({"skipped": str(error)}) + "\n")
    sys.stdout.flush()
    _stores.release()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
