from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.signed_rank import signed_rank_interval, signed_rank_p, signed_rank_test
from tests.analysis.samples import seeded

VALUES = st.lists(
    st.floats(-10, 10).filter(lambda value: abs(value) > 1e-6), min_size=1, max_size=12, unique_by=abs
)


def by_counting(values: list[float]) -> float:
    """P that the ranks below zero sum to no more than they do, over all choices of signs."""
    ranks = range(1, len(values) + 1)
    below = sum(rank for rank, value in zip(ranks, sorted(values, key=abs), strict=True) if value < 0)
    signs = itertools.product((0, 1), repeat=len(values))
    sums = [sum(rank * sign for rank, sign in zip(ranks, one, strict=True)) for one in signs]
    return sum(total <= below for total in sums) / len(sums)


@given(VALUES)
def test_p_is_that_of_all_choices_of_signs(values: list[float]) -> None:
    assert signed_rank_p(values) == pytest.approx(by_counting(values))


@given(VALUES)
def test_the_two_sided_p_does_not_know_which_side_is_which(values: list[float]) -> None:
    assert signed_rank_test(values) == signed_rank_test([-value for value in values])


def test_ties_and_zeros_err_towards_a_larger_p() -> None:
    assert signed_rank_p([1.0, -1.0, 1.0]) >= signed_rank_p([1.0, -0.9, 1.1])
    assert signed_rank_p([0.0] * 10) == 1.0


@given(st.lists(st.floats(-10, 10), min_size=6, max_size=40))
def test_the_interval_holds_its_estimate_and_is_what_the_test_would_not_reject(values: list[float]) -> None:
    found = signed_rank_interval(values, 0.95)
    assert found.low <= found.estimate <= found.high
    assert found.confidence >= 0.95
    beyond = found.low - 1e-6
    assert signed_rank_p([value - beyond for value in values]) <= 0.025 + 1e-12


def test_levels_are_those_of_the_tables() -> None:
    # Hollander, Wolfe and Chicken, table A.4: P(T+ >= 47) = .024 for 10 values, P(T+ >= 21) = .016 for 6.
    assert signed_rank_interval([float(n) for n in range(10)], 0.95).confidence == pytest.approx(
        1 - 2 * 0.0244, abs=1e-4
    )
    assert signed_rank_interval([float(n) for n in range(6)], 0.95).confidence == pytest.approx(1 - 2 / 64)
    assert signed_rank_interval([1.0], 0.95).confidence == 0.0


@pytest.mark.parametrize("count", [6, 10, 23, 80])
def test_the_interval_covers_the_centre_as_often_as_it_says(count: int) -> None:
    generator = seeded(count)
    trials = 400
    held = 0
    for _ in range(trials):
        found = signed_rank_interval([generator.gauss(3.0, 1.0) for _ in range(count)], 0.95)
        held += found.low <= 3.0 <= found.high
    assert held / trials > 0.91  # three standard errors below 95 %


def test_one_odd_round_in_fifteen_does_not_widen_the_interval_much() -> None:
    generator = seeded(1)
    values = [generator.gauss(0.0, 0.01) for _ in range(14)]
    odd = signed_rank_interval([*values, 0.5], 0.95)
    assert odd.high < 0.03
    assert math.isfinite(odd.low)


def test_nothing_has_no_interval() -> None:
    with pytest.raises(ValueError, match="nothing"):
        signed_rank_interval([], 0.95)
