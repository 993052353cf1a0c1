"""What one operation allocates, as memray counts it: figures for `track_` benchmarks, gated as all others are."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

FREEING = frozenset({"FREE", "MUNMAP", "PYMALLOC_FREE"})


@dataclass(frozen=True, slots=True)
class MemoryStatistics:
    """Of one call: bytes that it held at its `peak` above what was there, bytes in `total`, and how often it asked."""

    peak: int
    total: int
    count: int


def memory_statistics(operation: Callable[[], object], *, warm_up: int = 3) -> MemoryStatistics:
    """Call the operation `warm_up` times, then once under memray, Python's own allocators included.

        def track_peak(self):
            return perfbench.memory_statistics(self.operation).peak

        track_peak.unit = "bytes"

    A reallocation counts as an allocation of its new size. Raises NotImplementedError without memray, so that asv
    skips the benchmark with that reason.
    """
    try:
        from memray import AllocatorType, FileReader, Tracker  # noqa: PLC0415
    except ImportError:
        raise NotImplementedError("memray is not installed; pip install memray") from None
    freeing = {kind.value for kind in AllocatorType if kind.name in FREEING}
    for _ in range(warm_up):
        operation()
    collecting = gc.isenabled()
    with tempfile.TemporaryDirectory(prefix="perfbench-memray.") as folder:
        file = os.path.join(folder, "allocations")  # noqa: PTH118  (memray takes either)
        gc.collect()
        gc.disable()
        try:
            with Tracker(file, trace_python_allocators=True):
                operation()
        finally:
            if collecting:
                gc.enable()
        total = count = 0
        with FileReader(file) as reader:
            peak = int(reader.metadata.peak_memory)
            for record in reader.get_allocation_records():
                if record.allocator not in freeing:
                    total += record.size
                    count += 1
    return MemoryStatistics(peak, total, count)
