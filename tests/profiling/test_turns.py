"""Turns of several processes, and what a profiler costs by them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.profiling.turns import Lane, overhead, take_turns


class Counted:
    """A process that takes as long as it is told to, and writes down when it was its turn."""

    pid = 0

    def __init__(self, name: str, order: list[str], cost: float = 0.01) -> None:
        self._name, self._order, self._cost = name, order, cost

    def ask(self, request: Mapping[str, object], timeout: float) -> Mapping[str, Any]:
        self._order.append(self._name)
        calls = max(1, round(float(str(request["seconds"])) / self._cost))
        return {"calls": calls, "seconds": calls * self._cost}


def lanes(order: list[str], **costs: float) -> list[Lane]:
    return [Lane(Counted(name, order, cost), 1, 1, plain=name == "plain") for name, cost in costs.items()]


def test_nobody_is_always_first() -> None:
    order: list[str] = []
    take_turns(lanes(order, base=0.01, head=0.01), 1.0, plain_turns=0, timeout=1.0)
    assert order == ["base", "head", "head", "base", "base", "head", "head", "base"]


def test_a_plain_lane_leaves_once_the_overhead_is_known() -> None:
    order: list[str] = []
    take_turns(lanes(order, plain=0.01, head=0.01), 2.0, plain_turns=2, timeout=1.0)
    assert order.count("plain") == 2
    assert order.count("head") == 8


def test_every_lane_has_a_turn_however_short_the_time_is() -> None:
    order: list[str] = []
    found = lanes(order, base=10.0, head=0.01)
    take_turns(found, 0.001, plain_turns=0, timeout=1.0)
    assert [lane.calls for lane in found] == [1, 1]


def test_it_ends_when_enough_is_seen() -> None:
    order: list[str] = []
    take_turns(lanes(order, head=0.01), 1e9, plain_turns=0, timeout=1.0, enough=lambda: len(order) >= 3)
    assert len(order) == 3


def test_the_share_that_is_done_only_grows() -> None:
    told: list[float] = []
    take_turns(lanes([], base=0.1, head=0.01), 1.0, plain_turns=0, timeout=1.0, told=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_overhead_is_the_median_of_neighbours() -> None:
    found = overhead([1.0, 2.0, 4.0], [1.1, 2.2, 40.0])
    assert found is not None
    assert found.ratio == pytest.approx(1.1)
    assert math.isnan(found.low), "three pairs have no interval at 95 %"
    assert overhead([], [1.0]) is None


@given(st.lists(st.floats(0.5, 2.0), min_size=6, max_size=60))
def test_the_interval_holds_the_median(ratios: list[float]) -> None:
    found = overhead([1.0] * len(ratios), ratios)
    assert found is not None
    assert found.low <= found.ratio <= found.high
    assert found.slices == len(ratios)


@pytest.mark.parametrize(("pairs", "rank"), [(6, 0), (8, 0), (9, 1), (16, 3), (20, 5)])
def test_the_interval_is_that_of_the_sign_test(pairs: int, rank: int) -> None:
    """The ranks of published tables for the median at 95 %."""
    values = [float(number) for number in range(1, pairs + 1)]
    found = overhead([1.0] * pairs, values)
    assert found is not None
    assert (found.low, found.high) == (values[rank], values[-1 - rank])
