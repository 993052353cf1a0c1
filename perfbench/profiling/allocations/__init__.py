"""What Python code allocates, by the line that allocates it: small tools on the standard library's `tracemalloc`.

`Snapshots` keeps what is allocated under names and compares two of them; `growth` says by how much an operation
grows per call; `tracked_allocations` and `track_allocations` watch a block or a function. pytest's fixture
`allocations` (perfbench/profiling/pytest_fixture.py) holds tests to limits. All leave tracemalloc as they found
it: stopped where it was stopped, and with its depth and its traces where it ran. Only Python's own allocators are
traced: memory that a C library takes by itself is not seen.

A depth is how many frames of the stack are kept of each allocation. Where tracemalloc runs already, it keeps the
depth that it has.
"""

from __future__ import annotations

from perfbench.profiling.allocations.comparison import By, Comparison, MovedStack
from perfbench.profiling.allocations.growth import GrowingLine, Growth, growth
from perfbench.profiling.allocations.limits import AllocationLimitError, Limits
from perfbench.profiling.allocations.places import Filters, Place
from perfbench.profiling.allocations.snapshots import Snapshots
from perfbench.profiling.allocations.tracked import Allocations, TrackedBlock, tracked_allocations
from perfbench.profiling.allocations.tracked_function import track_allocations

__all__ = [
    "AllocationLimitError",
    "Allocations",
    "By",
    "Comparison",
    "Filters",
    "GrowingLine",
    "Growth",
    "Limits",
    "MovedStack",
    "Place",
    "Snapshots",
    "TrackedBlock",
    "growth",
    "track_allocations",
    "tracked_allocations",
]
