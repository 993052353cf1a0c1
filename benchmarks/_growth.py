"""What an operation keeps for good: bytes a call, and threads, descriptors, processes, tasks and sandboxes.

It is called in blocks in a process of its own (`_growth_child.py`), which counts the bytes in use after each
block. The first third of the blocks fills caches and is left out. The growth is the Theil–Sen slope of the
rest (the median of the slopes between all pairs), which one step of a growing table does not move; it is 0
where the interval of that slope reaches below the resolution.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks._running import usable

BLOCKS = 30
CALLS = 64
"""The most of one block: the counting is exact, so more would only take longer."""
SECONDS = 10.0
FEW = 3
"""Calls after which nothing may be left: one thing of each would be seen."""
WITHIN = 300.0
"""Seconds after which a child that has not ended is killed."""
RESOLUTION = 16.0
"""Bytes a call: the smallest block that malloc lends is 24. What is less is a table that grows slowly."""
Z = 2.576
"""Of an interval of 99 %."""
FOLDER = str(Path(__file__).parent)
START = """
import importlib.util, runpy, sys
folder = sys.argv.pop(1)
spec = importlib.util.spec_from_file_location("benchmarks", f"{folder}/__init__.py")
sys.modules["benchmarks"] = importlib.util.module_from_spec(spec)
runpy.run_module("benchmarks._growth_child", run_name="__main__", alter_sys=True)
"""
"""Starts the child from this folder alone: what lies beside it may be another perfbench than the one measured."""
ENVIRONMENT = {
    "PYTHONMALLOC": "malloc",
    "PYTHONHASHSEED": "0",
    # No cache of freed blocks for each thread, which would count as in use, and one arena for all of them.
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1",
}


@dataclass(frozen=True, slots=True)
class Observed:
    """What the child saw: bytes in use after each block of `calls`, and its belongings before and after."""

    calls: int
    bytes: tuple[int, ...]
    before: dict[str, int]
    after: dict[str, int]
    made: tuple[str, ...]


def observed(
    place: str, argument: str, *, blocks: int = BLOCKS, calls: int = CALLS, seconds: float | None = None
) -> Observed:
    """Call the operation that `place` (`module:function`) makes from `argument`, in a child.

    It takes about `seconds`, by default SECONDS. Raises NotImplementedError with the child's reason where it
    is not possible here, RuntimeError where it fails.
    """
    numbers = (str(blocks), str(calls), str(SECONDS if seconds is None else seconds))
    argv = [sys.executable, "-P", "-c", START, FOLDER, place, argument, *numbers]
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=WITHIN, check=False
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{place}({argument}) did not end within {WITHIN:g} s") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise RuntimeError(f"{place}({argument}) ended with exit code {done.returncode}: {said}")
    found: dict[str, Any] = json.loads(done.stdout)
    if "skipped" in found:
        raise NotImplementedError(found["skipped"])
    return Observed(
        found["calls"], tuple(found["bytes"]), found["before"], found["after"], tuple(found["made"])
    )


def growth(seen: Observed) -> float:
    """Bytes that stay for each call; 0 where that cannot be told from nothing."""
    middle, low = slope(seen.bytes[len(seen.bytes) // 3 :])
    return middle / seen.calls if low / seen.calls >= RESOLUTION else 0.0


def slope(values: Sequence[float]) -> tuple[float, float]:
    """The Theil–Sen slope of values one step apart, and the lower end of its 99 % interval (Sen, 1968)."""
    count = len(values)
    slopes = sorted((values[j] - values[i]) / (j - i) for i, j in combinations(range(count), 2))
    spread = Z * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    rank = math.floor((len(slopes) - spread) / 2)
    return statistics.median(slopes), slopes[rank] if rank >= 0 else -math.inf


def residue(place: str, argument: str, kind: str) -> int:
    """How many more threads, descriptors, processes or tasks there are after FEW calls than before them."""
    seen = observed(place, argument, blocks=1, calls=FEW)
    return seen.after[kind] - seen.before[kind]


def left_sandboxes(place: str, runtime: str) -> int:
    """How many of the sandboxes of FEW calls are still there when their process is dead; they are removed."""
    swept = usable(runtime)  # before, not after: it begins with a sweep
    seen = observed(place, runtime, blocks=1, calls=FEW)
    return len(set(seen.made) & set(swept.sweep()))
