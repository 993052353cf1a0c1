"""Blocks whose allocations are tracked, one by one, within one another and side by side."""

from __future__ import annotations

import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.errors import MeasurementError, UsageError
from perfbench.profiling.allocations import Filters, tracked_allocations

HERE = Filters(include=Path(__file__).name)
SIZE = 100_000
NOISE = 10_000


def test_a_block_tells_what_it_holds_and_what_it_held_at_most() -> None:
    with tracked_allocations(filters=HERE) as tracked:
        large = bytearray(10 * SIZE)
        assert tracked.current >= 10 * SIZE
        del large
        kept = bytearray(SIZE)
        assert tracked.peak >= 10 * SIZE
    result = tracked.result
    assert SIZE <= result.current < SIZE + NOISE
    assert 10 * SIZE <= result.peak < 11 * SIZE + NOISE
    assert (tracked.current, tracked.peak) == (result.current, result.peak)
    assert len(kept) <= result.difference.bytes < SIZE + NOISE
    assert "test_tracked.py:" in str(tracked)
    assert str(result).startswith("+")
    assert not tracemalloc.is_tracing()


@given(st.lists(st.sampled_from([0, SIZE, 5 * SIZE]), min_size=1, max_size=4))
@settings(max_examples=10)
def test_each_of_nested_blocks_has_its_own_peak(sizes: list[int]) -> None:
    def nested(depth: int) -> list[int]:
        if depth == len(sizes):
            return []
        with tracked_allocations(filters=HERE) as tracked:
            bytearray(sizes[depth])
            inner = nested(depth + 1)
        return [tracked.peak, *inner]

    for depth, peak in enumerate(nested(0)):
        most = max(sizes[depth:])
        assert most - NOISE < peak < most + 5 * NOISE


def test_what_an_inner_block_reads_is_not_the_outer_ones() -> None:
    tracemalloc.start()
    try:
        many = [bytearray(1) for _ in range(3_000)]
        with tracked_allocations(filters=HERE) as outer:
            for _ in range(3):
                with tracked_allocations(filters=HERE):
                    pass
        assert outer.result.peak < SIZE // 2
        assert abs(outer.result.current) < NOISE
        assert many
    finally:
        tracemalloc.stop()


def test_blocks_may_end_in_any_order() -> None:
    first, second = tracked_allocations(filters=HERE), tracked_allocations(filters=HERE)
    first.__enter__()
    one = bytearray(SIZE)
    second.__enter__()
    first.__exit__(None, None, None)
    other = bytearray(2 * SIZE)
    second.__exit__(None, None, None)
    assert len(one) <= first.result.difference.bytes < SIZE + NOISE
    assert len(other) <= second.result.difference.bytes < 2 * SIZE + NOISE
    assert not tracemalloc.is_tracing()


def test_blocks_may_run_in_threads() -> None:
    def work() -> None:
        for _ in range(5):
            with tracked_allocations() as tracked:
                bytearray(SIZE)
            assert tracked.peak > SIZE - NOISE

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not tracemalloc.is_tracing()


def test_tracing_that_ran_goes_on() -> None:
    tracemalloc.start(3)
    try:
        with tracked_allocations(depth=9):
            pass
        assert tracemalloc.get_traceback_limit() == 3
    finally:
        tracemalloc.stop()


def test_an_error_in_the_block_goes_through_and_the_result_is_there() -> None:
    tracked = tracked_allocations()
    with pytest.raises(ZeroDivisionError), tracked:
        _ = 1 / 0
    assert tracked.result.peak >= 0
    assert not tracemalloc.is_tracing()


def test_an_error_is_not_hidden_by_a_tracemalloc_that_was_stopped() -> None:
    def stop_and_fail() -> None:
        tracemalloc.stop()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), tracked_allocations():
        stop_and_fail()


def test_a_block_that_stops_tracemalloc_is_told_so() -> None:
    with pytest.raises(MeasurementError, match="stopped"), tracked_allocations():
        tracemalloc.stop()


def test_the_result_is_there_after_the_block_alone_and_a_block_runs_once() -> None:
    tracked = tracked_allocations()
    with tracked:
        with pytest.raises(UsageError, match="after the `with` block"):
            _ = tracked.result
        with pytest.raises(UsageError, match="for each block"):
            tracked.__enter__()
    with pytest.raises(UsageError, match="for each block"):
        tracked.__enter__()
    with pytest.raises(UsageError, match="deep"):
        tracked_allocations(depth=0).__enter__()
    assert not tracemalloc.is_tracing()
