"""Snapshots by name, of real allocations."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.profiling.allocations import Filters, Snapshots

HERE = Filters(include=Path(__file__).name)
SIZE = 100_000


def test_what_is_allocated_between_two_snapshots_is_found_with_its_line() -> None:
    with Snapshots() as snapshots:
        snapshots.take("before")
        kept = [bytearray(SIZE)]
        snapshots.take("held")
        kept.clear()
        snapshots.take("freed")
    assert not tracemalloc.is_tracing()
    grown = snapshots.compare("before", "held", filters=HERE)
    assert SIZE <= grown.bytes < SIZE + 5000
    assert grown.moved[0].stack[0].file == __file__
    assert snapshots.compare("held", "freed", filters=HERE).bytes < 5000 - SIZE
    assert snapshots.names == ("before", "held", "freed")


def test_a_traceback_has_the_callers_and_a_file_has_no_line() -> None:
    def allocate() -> bytearray:
        return bytearray(SIZE)

    with Snapshots(depth=2) as snapshots:
        snapshots.take("before")
        kept = allocate()
        snapshots.take("after")
    by_stack = snapshots.compare("before", "after", "traceback", filters=HERE).moved[0]
    assert [place.file for place in by_stack.stack] == [__file__, __file__]
    by_file = snapshots.compare("before", "after", "file", filters=HERE).moved[0]
    assert [place.line for place in by_file.stack] == [0]
    assert by_file.bytes >= len(kept)


def test_taking_a_snapshot_is_no_growth() -> None:
    with Snapshots() as snapshots:
        for name in "abc":
            snapshots.take(name)
    assert snapshots.compare("b", "c").bytes < 1000
    assert snapshots.compare("b", "c", filters=Filters(own=True)).bytes > 1000


def test_a_name_is_for_the_last_snapshot_that_had_it() -> None:
    with Snapshots() as snapshots:
        snapshots.take("now")
        kept = bytearray(SIZE)
        snapshots.take("then")
        snapshots.take("now")
    assert abs(snapshots.compare("then", "now", filters=HERE).bytes) < len(kept)
    assert snapshots.names == ("then", "now")


def test_a_name_that_was_not_taken_is_refused_with_those_that_were() -> None:
    with Snapshots() as snapshots:
        snapshots.take("before")
    with pytest.raises(UsageError, match="'after'; those that were taken: 'before'"):
        snapshots.compare("before", "after")


def test_snapshots_are_taken_within_their_block_alone() -> None:
    snapshots = Snapshots()
    with pytest.raises(UsageError, match="within `with`"):
        snapshots.take("early")
    with snapshots, pytest.raises(UsageError, match="already"):
        snapshots.__enter__()
    with pytest.raises(UsageError, match="within `with`"):
        snapshots.take("late")


def test_an_error_in_the_block_ends_tracing() -> None:
    with pytest.raises(ZeroDivisionError), Snapshots():
        _ = 1 / 0
    assert not tracemalloc.is_tracing()
