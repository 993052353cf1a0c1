"""tracemalloc is left as it was found."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from perfbench.errors import MeasurementError, UsageError
from perfbench.profiling.allocations import tracing


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    assert not tracemalloc.is_tracing()
    yield
    assert not tracemalloc.is_tracing()


def test_tracing_lasts_until_the_last_user_has_ended() -> None:
    tracing.begin(3)
    tracing.begin(7)
    assert tracemalloc.get_traceback_limit() == 3
    tracing.end()
    assert tracemalloc.is_tracing()
    tracing.end()


def test_tracing_that_ran_goes_on_with_its_depth_and_its_traces() -> None:
    tracemalloc.start(4)
    try:
        kept = bytearray(5000)
        tracing.begin(9)
        assert sum(size for size, _ in tracing.allocated().values()) >= len(kept)
        tracing.end()
        assert tracemalloc.is_tracing()
        assert tracemalloc.get_traceback_limit() == 4
    finally:
        tracemalloc.stop()


def test_stacks_run_from_the_root_to_the_allocation() -> None:
    tracing.begin(2)
    try:
        kept = bytearray(50_000)
        (stack,) = [
            stack for stack, (size, _) in tracing.allocated().items() if len(kept) <= size < 2 * len(kept)
        ]
    finally:
        tracing.end()
    assert stack[-1][0] == __file__
    assert stack[0][0] != __file__


@pytest.mark.parametrize("depth", [0, -1, 100_000])
def test_a_depth_that_is_none_is_refused(depth: int) -> None:
    with pytest.raises(UsageError, match="1 to 1024"):
        tracing.begin(depth)


def test_reading_after_someone_has_stopped_tracemalloc_is_an_error_with_a_remedy() -> None:
    tracing.begin(1)
    tracemalloc.stop()
    with pytest.raises(MeasurementError, match="after the block"):
        tracing.allocated()
    tracing.end()
