"""The decorator that tracks a function's calls."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator

import pytest

from perfbench.errors import ExitCode, UsageError
from perfbench.profiling.allocations import AllocationLimitError, Allocations, track_allocations

SIZE = 100_000


def test_a_call_within_its_limits_returns_what_it_returns() -> None:
    @track_allocations("1 KiB", peak="1 MiB")
    def length(size: int, *, twice: bool = False) -> int:
        """How long."""
        return len(bytearray(size)) * (2 if twice else 1)

    assert length(SIZE, twice=True) == 2 * SIZE
    assert (length.__name__, length.__doc__) == ("length", "How long.")
    assert not tracemalloc.is_tracing()


def test_a_call_that_leaves_more_than_its_limit_behind_is_an_error_with_the_lines() -> None:
    kept = []

    @track_allocations("1 KiB")
    def leak() -> None:
        kept.append(bytearray(SIZE))

    with pytest.raises(
        AllocationLimitError, match=r"leak: growth of 97.* is above the limit of 1 KiB"
    ) as raised:
        leak()
    assert "test_tracked_function.py" in str(raised.value)
    assert raised.value.exit_code == ExitCode.REGRESSED


def test_a_call_that_holds_more_than_its_peak_is_an_error() -> None:
    @track_allocations(peak="1 KiB")
    def large() -> None:
        bytearray(SIZE)

    with pytest.raises(AllocationLimitError, match="peak of"):
        large()


def test_methods_and_reports() -> None:
    heard: list[Allocations] = []

    class Store:
        def __init__(self) -> None:
            self.kept: list[bytearray] = []

        @track_allocations(report=heard.append)
        def add(self, size: int) -> None:
            self.kept.append(bytearray(size))

    store = Store()
    store.add(SIZE)
    store.add(SIZE)
    assert [found.difference.bytes >= SIZE for found in heard] == [True, True]


def test_without_limits_and_a_report_calls_are_told_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @track_allocations()
    def work() -> bytearray:
        return bytearray(SIZE)

    assert len(work()) == SIZE
    said = capsys.readouterr()
    assert said.out == ""
    assert "work: +9" in said.err


def test_a_coroutine_is_tracked_while_it_is_awaited() -> None:
    heard: list[Allocations] = []

    @track_allocations(report=heard.append)
    async def work() -> int:
        held = bytearray(SIZE)
        await asyncio.sleep(0)
        return len(held)

    assert asyncio.run(work()) == SIZE
    assert heard[0].peak >= SIZE


def test_what_a_call_raises_goes_through() -> None:
    @track_allocations(0)
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not tracemalloc.is_tracing()


def test_a_generator_is_refused() -> None:
    def numbers() -> Iterator[int]:
        yield 1

    async def letters() -> AsyncIterator[str]:
        yield "a"

    for generator in (numbers, letters):
        with pytest.raises(UsageError, match="tracked_allocations"):
            track_allocations()(generator)
