from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.differences import LEAST_PAIRS, differences_at

SIDE = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)
TIED = st.lists(st.integers(0, 5).map(float), min_size=20, max_size=60)


def in_order(base: list[float], head: list[float]) -> list[float]:
    return sorted(right - left for left in base for right in head)


@given(st.one_of(SIDE, TIED), st.one_of(SIDE, TIED), st.data())
def test_every_place_holds_what_it_holds_when_all_are_sorted(
    base: list[float], head: list[float], data: st.DataObject
) -> None:
    place = st.integers(0, len(base) * len(head) - 1)
    places = sorted(data.draw(st.lists(place, min_size=1, max_size=4)))
    ordered = in_order(base, head)
    assert differences_at(places, base, head) == [ordered[place] for place in places]


@pytest.mark.parametrize("size", [20, 40, 200])
@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_values_that_hardly_differ_are_told_apart(size: int, offset: float) -> None:
    drawn = random.Random(size)
    base, head = ([offset + drawn.gauss(0, 1e-6) for _ in range(size)] for _ in range(2))
    places = [0, LEAST_PAIRS // 3, size * size // 2, size * size - 1]
    places.sort()
    ordered = in_order(base, head)
    assert differences_at(places, base, head) == [ordered[place] for place in places]
