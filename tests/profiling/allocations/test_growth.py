"""Growth per call, of operations whose growth is known."""

from __future__ import annotations

import statistics
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import MeasurementError, UsageError
from perfbench.profiling.allocations import Filters, Growth, growth
from perfbench.profiling.allocations.growth import FEWEST_ROUNDS, _median_interval

HERE = Filters(include=Path(__file__).name)
SIZE = 1000


def test_an_operation_that_keeps_what_it_allocates_grows_by_that() -> None:
    kept = []

    def leak() -> None:
        kept.append(bytearray(SIZE))

    found = growth(leak, filters=HERE)
    assert found.grows
    assert SIZE <= found.bytes < SIZE + 200
    assert found.blocks >= 1
    assert found.lines[0].place.line == leak.__code__.co_firstlineno + 1
    assert "grows" in str(found)
    assert not tracemalloc.is_tracing()


def test_an_operation_that_frees_what_it_allocates_does_not_grow() -> None:
    found = growth(lambda: [bytearray(SIZE) for _ in range(10)], filters=HERE)
    assert not found.grows
    assert found.bytes == 0
    assert "no growth seen" in str(found)


def test_a_cache_that_is_filled_once_is_no_growth() -> None:
    cache: list[bytearray] = []
    calls = iter(range(10_000))

    def fill_once() -> None:
        if next(calls) == 100:
            cache.append(bytearray(1_000_000))

    found = growth(fill_once, filters=HERE)
    assert not found.grows
    assert found.bytes < SIZE


def test_cyclic_garbage_is_no_growth() -> None:
    def knot() -> None:
        ring: list[object] = [bytearray(SIZE)]
        ring.append(ring)

    assert growth(knot, filters=HERE).bytes < SIZE


def test_a_growth_as_small_as_was_promised_is_seen() -> None:
    kept: list[bytes] = []

    def idle() -> None:
        bytes(SIZE)

    reach = growth(idle, filters=HERE).smallest

    def leak_a_little() -> None:
        kept.append(bytes(max(1, int(2 * reach))))

    assert growth(leak_a_little, calls=50, filters=HERE).grows


def test_small_lines_are_not_shown_but_count() -> None:
    kept = []
    found = growth(
        lambda: kept.append(bytearray(SIZE)), filters=Filters(include=HERE.include, smallest="1 MiB")
    )
    assert found.lines == ()
    assert found.bytes >= SIZE


def test_long_tables_are_cut() -> None:
    found = Growth(1, 1, 1, 1, 1, 1, 9, ())
    assert len(str(found).splitlines()) == 2


@pytest.mark.parametrize("wrong", [{"calls": 0}, {"rounds": FEWEST_ROUNDS - 1}, {"warm_up": -1}])
def test_numbers_that_tell_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="at least 6 rounds"):
        growth(lambda: None, **wrong)  # type: ignore[arg-type]


def test_what_the_operation_raises_goes_through_and_tracing_ends() -> None:
    with pytest.raises(ZeroDivisionError):
        growth(lambda: 1 / 0)
    assert not tracemalloc.is_tracing()


def test_an_operation_that_stops_tracemalloc_is_told_so() -> None:
    with pytest.raises(MeasurementError, match="stopped"):
        growth(tracemalloc.stop)


@given(st.lists(st.integers(-1000, 1000), min_size=FEWEST_ROUNDS, max_size=40))
def test_the_interval_holds_the_median_and_leaves_the_outermost_out_where_it_can(values: list[int]) -> None:
    low, high = _median_interval(values)
    assert low <= statistics.median(values) <= high
    if len(values) >= 9:
        assert low >= sorted(values)[1]
        assert high <= sorted(values)[-2]
