from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.family import holm

PS = st.lists(st.floats(0.0, 1.0), max_size=20)


def test_the_smallest_p_pays_for_all_rows_and_the_next_for_one_fewer() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(PS)
def test_one_test_alone_costs_nothing_and_none_ever_gains(p: list[float]) -> None:
    adjusted = holm(p)
    assert all(after >= before for before, after in zip(p, adjusted, strict=True))
    assert max(adjusted, default=0.0) <= 1.0
    if len(p) == 1:
        assert adjusted == p


@given(PS)
def test_a_smaller_p_is_never_adjusted_beyond_a_larger_one(p: list[float]) -> None:
    ordered = [after for _, after in sorted(zip(p, holm(p), strict=True))]
    assert ordered == sorted(ordered)


def test_what_is_no_test_does_not_count() -> None:
    first, second, third = holm([0.01, math.nan, 0.02])
    assert (first, third) == (0.02, 0.02)
    assert math.isnan(second)
