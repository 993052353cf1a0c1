"""Peak, total and count of one operation, by memray."""

from __future__ import annotations

import gc
import sys

import pytest

import perfbench
from perfbench.memory_counting import memory_statistics

KIB = 1024


@pytest.fixture(autouse=True)
def _memray() -> None:
    pytest.importorskip("memray", reason="memray is not installed: pip install memray")


def test_what_is_held_at_once_and_what_is_asked_for_in_all() -> None:
    def one_after_the_other() -> None:
        for _ in range(8):
            bytearray(100 * KIB)

    def at_once() -> list[bytearray]:
        return [bytearray(100 * KIB) for _ in range(8)]

    some, all_of_them = perfbench.memory_statistics(one_after_the_other), memory_statistics(at_once)
    assert 100 * KIB < some.peak < 120 * KIB
    assert 800 * KIB < all_of_them.peak < 820 * KIB
    assert 800 * KIB < some.total < 830 * KIB
    assert some.count >= 8


def test_the_warm_up_is_not_counted() -> None:
    kept: list[bytes] = []

    def fill_once() -> None:
        if not kept:
            kept.append(bytes(500 * KIB))

    assert memory_statistics(fill_once).total < 100 * KIB


def test_the_collector_is_left_as_it_was() -> None:
    with pytest.raises(ZeroDivisionError):
        memory_statistics(lambda: 1 / 0)
    assert gc.isenabled()


def test_without_memray_asv_skips_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "memray", None)
    with pytest.raises(NotImplementedError, match="pip install memray"):
        memory_statistics(list)
