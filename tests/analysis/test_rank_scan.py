from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.rank_scan import FEWEST, NOTHING, chance, excursion, scan, scores

WINDOWS = st.lists(st.integers(-20, 20), min_size=2 * FEWEST, max_size=60).map(
    lambda values: np.array(values, dtype=float)
)


def by_definition(window: np.ndarray) -> tuple[int, float]:
    """The largest standardised rank sum, with midranks by counting."""
    n = len(window)
    ranks = np.array([(window < x).sum() + ((window == x).sum() + 1) / 2 for x in window]) - (n + 1) / 2
    variance = (ranks**2).sum() / (n - 1)
    best = (0, 0.0)
    for k in range(FEWEST, n - FEWEST + 1):
        z = ranks[:k].sum() / math.sqrt(variance * k * (n - k) / n) if variance else 0.0
        if abs(z) > abs(best[1]) + 1e-9:
            best = (k, z)
    return best


@given(WINDOWS)
def test_the_scan_is_the_largest_standardised_rank_sum(window: np.ndarray) -> None:
    _, z = by_definition(window)
    found = scan(*scores(window))
    assert abs(found.z) == pytest.approx(abs(z), abs=1e-9)
    if z:
        k = found.place
        assert abs(by_definition(window)[1]) >= abs(found.z) - 1e-9
        assert FEWEST <= k <= len(window) - FEWEST


@given(WINDOWS, st.floats(0.1, 10))
def test_only_the_order_of_the_values_counts(window: np.ndarray, factor: float) -> None:
    assert scan(*scores(window)).z == pytest.approx(scan(*scores(np.exp(window / 10) * factor)).z)


@given(WINDOWS)
def test_equal_weights_change_nothing(window: np.ndarray) -> None:
    ranks, deviation = scores(window)
    alone, weighted = scan(ranks, deviation), scan(ranks, deviation, np.ones(len(window)))
    # The plain statistic divides by n − 1, the weighted one by n.
    n = len(window)
    assert weighted.z * math.sqrt((n - 1) / n) == pytest.approx(alone.z, abs=1e-9)


def test_equal_values_and_too_few_have_no_place() -> None:
    assert scan(*scores(np.ones(40))) is NOTHING
    assert scan(*scores(np.arange(2.0 * FEWEST - 1))) is NOTHING


def test_a_rise_has_a_negative_z_and_a_drift_a_longer_line() -> None:
    step = scan(*scores(np.repeat([0.0, 1.0], 20)))
    trend = scan(*scores(np.arange(40.0)))
    assert step.place == 20
    assert step.z < 0
    assert step.line < abs(step.z)
    assert trend.line > abs(trend.z)


@pytest.mark.parametrize("n", [20, 60, 200])
def test_noise_in_no_order_is_as_seldom_extreme_as_the_chance_says(n: int) -> None:
    random = np.random.default_rng(n)
    extreme = sum(chance(scan(*scores(random.standard_cauchy(n))).z, n) < 0.05 for _ in range(2000))
    assert extreme / 2000 < 0.06


def test_a_stretch_that_stands_out_is_found_from_end_to_end() -> None:
    random = np.random.default_rng(1)
    window = random.normal(size=120)
    window[50:65] += 6.0
    begin, end, p = excursion(*scores(window))
    assert (abs(begin - 50) <= 3, abs(end - 65) <= 3) == (True, True)
    assert p < 1e-4


def test_noise_rarely_has_a_stretch_that_stands_out() -> None:
    random = np.random.default_rng(2)
    found = sum(excursion(*scores(random.standard_t(2, 100)))[2] < 0.05 for _ in range(1000))
    assert found / 1000 < 0.06


@given(st.floats(0, 40), st.integers(2 * FEWEST, 10_000))
def test_a_chance_is_one_and_falls_with_the_statistic(z: float, n: int) -> None:
    assert 0 <= chance(z + 0.5, n) <= chance(z, n) <= 1
    assert chance(z, n) == chance(-z, n)
