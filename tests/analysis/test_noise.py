from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.noise import noise_floor
from tests.analysis.samples import comparison


def test_the_floor_is_the_furthest_bound_of_any_control() -> None:
    quiet, loud = comparison(1.0, 0.999, 1.002), comparison(1.003, 0.998, 1.008)
    assert noise_floor([quiet, loud]) == pytest.approx(0.008)


def test_a_bound_below_one_counts_like_the_one_above() -> None:
    assert noise_floor([comparison(0.99, 1 / 1.02, 1.0)]) == pytest.approx(0.02)


def test_controls_that_make_no_claim_are_left_out() -> None:
    silent = comparison(1.1, 0.0, math.inf)
    undefined = comparison(math.nan, math.nan, math.nan)
    assert noise_floor([silent, undefined]) == 0.0
    assert noise_floor([silent, comparison(1.0, 0.99, 1.01)]) == pytest.approx(1 / 0.99 - 1)


def test_without_controls_there_is_no_floor() -> None:
    assert noise_floor([]) == 0.0


@given(st.floats(0.5, 1.0), st.floats(1.0, 2.0))
def test_a_control_never_regresses_against_its_own_floor(low: float, high: float) -> None:
    floor = noise_floor([comparison(1.0, low, high)])
    assert high <= (1 + floor) * (1 + 1e-12)
    assert low * (1 + 1e-12) >= 1 / (1 + floor)
