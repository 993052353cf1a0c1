"""Allocations of one call: counted by hand here, and by memray there."""

from __future__ import annotations

import gc
import itertools
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from benchmarks._allocations import BLOCKS, CALLS, WARM, Count, counted, peak_of

pytest.importorskip("memray", reason="memray is not installed: pip install memray")

POINTER = 8
OBJECT = sys.getsizeof(object())


def count(operation: Callable[[], object]) -> Count:
    return counted(lambda: nullcontext(operation))


def nothing() -> None:
    pass


def deep(left: int = 60) -> None:
    if left:
        deep(left - 1)


@pytest.mark.parametrize(
    ("operation", "size", "number"),
    [
        (nothing, 0, 0),
        (deep, 0, 0),
        (lambda: bytes(1000), sys.getsizeof(bytes(1000)), 1),
        # The object, and the bytes in it with one for the end.
        (lambda: bytearray(1000), sys.getsizeof(bytearray()) + 1001, 2),
        # The list itself comes from the free list; its places and what stands in them do not.
        (lambda: [object(), object(), object()], 3 * POINTER + 3 * OBJECT, 4),
        (lambda: (bytes(10_000), bytes(20_000)), 30_000 + 2 * sys.getsizeof(b""), 2),
    ],
    ids=["nothing", "calls alone", "bytes", "bytearray", "list of objects", "two"],
)
def test_a_call_counts_what_can_be_counted_by_hand(
    operation: Callable[[], object], size: int, number: int
) -> None:
    assert count(operation) == Count(size, number)


def test_the_count_is_the_same_however_deep_the_caller_is() -> None:
    def from_below(left: int) -> Count:
        return from_below(left - 1) if left else count(lambda: str([1.5, 2.5] * 50))

    assert len({from_below(depth) for depth in (0, 40, 80)}) == 1


def test_a_growth_now_and_then_is_not_what_a_call_does() -> None:
    kept: list[None] = []
    assert count(lambda: kept.append(None)) == Count(0, 0)


def test_what_every_second_call_does_counts_by_half() -> None:
    turns = itertools.cycle((bytes, nothing))
    assert count(lambda: bytes(1000) if next(turns) is bytes else None) == Count(
        sys.getsizeof(bytes(1000)) / 2, 0.5
    )


def test_blocks_that_agree_by_chance_do_not_make_a_mean() -> None:
    """Ten calls in every block ask for less, in each block others: the next block may well have eleven."""
    chance = random.Random(1)
    turns = [False] * CALLS
    for _ in range(BLOCKS):
        turns += [False] * WARM + chance.sample([True] * 10 + [False] * (CALLS - 10), CALLS)
    lesser = iter(turns)
    assert count(lambda: bytes(900 if next(lesser) else 1000)) == Count(sys.getsizeof(bytes(1000)), 1)


def test_calls_that_never_do_the_same_have_no_count() -> None:
    numbers = itertools.count(1)
    with pytest.raises(RuntimeError, match="do not ask for the same"):
        count(lambda: bytes(100 * next(numbers)))


def test_a_peak_is_what_is_held_at_once() -> None:
    def one_after_the_other() -> None:
        for _ in range(4):
            bytes(100_000)

    assert 100_000 < peak_of(lambda: nullcontext(one_after_the_other)) < 101_000
    assert 400_000 < peak_of(lambda: nullcontext(lambda: [bytes(100_000) for _ in range(4)])) < 402_000


def test_the_operation_is_prepared_once_and_closed() -> None:
    events = []

    @contextmanager
    def prepared() -> Iterator[Callable[[], object]]:
        events.append("open")
        yield nothing
        events.append("close")

    counted(prepared)
    assert events == ["open", "close"]


@pytest.mark.parametrize("collecting", [True, False])
def test_nothing_is_left_behind(collecting: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (gc.enable if collecting else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError):
            count(lambda: 1 / 0)
        count(nothing)
        assert gc.isenabled() is collecting
    finally:
        gc.enable()
    assert list(tmp_path.iterdir()) == []
    assert sys.getprofile() is None


def test_without_memray_the_row_is_skipped_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "memray", None)
    with pytest.raises(NotImplementedError, match="memray is not installed; pip install memray"):
        count(nothing)
