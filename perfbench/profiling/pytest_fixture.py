"""pytest's fixture `allocations`: a test holds what it calls to limits of memory.

pytest finds it by the entry point of the group `pytest11`. It needs perfbench alone, and does nothing to a test that
does not ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from perfbench.profiling.allocations import Filters, Growth, Limits, TrackedBlock, growth, tracked_allocations
from perfbench.profiling.allocations.places import as_bytes
from perfbench.units import BYTES, format_value


class AllocationChecks:
    """What the fixture `allocations` gives a test."""

    @contextmanager
    def limit(
        self,
        growth: float | str | None = None,
        peak: float | str | None = None,
        *,
        depth: int = 1,
        filters: Filters | None = None,
    ) -> Iterator[TrackedBlock]:
        """Fail the test where the block leaves more behind than `growth`, or holds more than `peak` meanwhile.

            with allocations.limit(growth="10 KiB"):
                handle(request)

        The failure shows the lines that hold most. A block that raises is not held to its limits. Raises
        UsageError for a size that is none.
        """
        __tracebackhide__ = True
        limits = Limits(growth, peak)
        with tracked_allocations(depth=depth, filters=filters) as block:
            yield block
        if broken := limits.broken_by(block.result):
            pytest.fail(broken)

    def growth(
        self,
        operation: Callable[[], object],
        *,
        limit: float | str = 0,
        warm_up: int = 20,
        calls: int = 20,
        rounds: int = 9,
        filters: Filters | None = None,
    ) -> Growth:
        """Fail the test where each call of the operation leaves more than `limit` behind, at 95 %.

        Raises UsageError as `perfbench.profiling.allocations.growth` does.
        """
        __tracebackhide__ = True
        most = as_bytes(limit, "the limit of growth")
        found = growth(operation, warm_up=warm_up, calls=calls, rounds=rounds, filters=filters)
        if found.low > most:
            pytest.fail(f"grows by more than {format_value(most, BYTES)} per call\n{found}")
        return found


@pytest.fixture
def allocations() -> AllocationChecks:
    """Limits of what a test's code may allocate, on the standard library's tracemalloc."""
    return AllocationChecks()
