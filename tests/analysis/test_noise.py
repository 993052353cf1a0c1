from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.noise import drift, noise_floor, twin_noise, with_twin
from tests.analysis.samples import comparison, measurement, noisy_rounds, seeded


def test_the_floor_is_how_far_identical_work_seemed_to_move() -> None:
    assert noise_floor(comparison(1.008, 0.99, 1.02)) == pytest.approx(0.008)


@given(st.floats(0.2, 5.0))
def test_a_move_down_counts_like_one_up(ratio: float) -> None:
    assert noise_floor(comparison(ratio)) == pytest.approx(noise_floor(comparison(1 / ratio)))


@pytest.mark.parametrize("ratio", [math.nan, math.inf, 0.0])
def test_a_control_without_a_ratio_sets_no_floor(ratio: float) -> None:
    assert noise_floor(comparison(ratio, ratio, ratio)) == 0.0


def test_a_twin_that_differs_by_less_than_its_own_uncertainty_widens_nothing() -> None:
    base, twin = noisy_rounds(seeded(3), rounds=10)
    assert twin_noise(base, twin) == 0.0


def test_a_twin_that_differs_for_sure_widens_the_limit_by_what_is_sure() -> None:
    base, twin = noisy_rounds(seeded(3), rounds=10, ratio=1.06)
    assert 0.03 < twin_noise(base, twin) < 0.06
    base, twin = noisy_rounds(seeded(3), rounds=10, ratio=1 / 1.06)
    assert 0.03 < twin_noise(base, twin) < 0.06


def test_a_twin_of_too_few_rounds_claims_nothing() -> None:
    base, twin = noisy_rounds(seeded(3), rounds=3, ratio=1.5)
    assert twin_noise(base, twin) == 0.0


def test_a_machine_that_changed_its_speed_in_mid_job_is_told_by_its_control() -> None:
    slow, fast = [[0.0018] * 3] * 10, [[0.001] * 3] * 10
    assert drift([measurement(slow + fast)]) == pytest.approx(0.8)
    assert drift([measurement(fast), measurement(fast)]) == 0.0


@pytest.mark.parametrize("runs", [[], [[0.001]] * 9, [[0.0]] * 20])
def test_of_too_few_or_empty_control_runs_no_drift_is_told(runs: list[list[float]]) -> None:
    assert drift([measurement(runs)]) == 0.0


def test_a_row_without_a_twin_stays_as_it_is() -> None:
    base, twin = noisy_rounds(seeded(3), rounds=10, ratio=1.06)
    row = comparison()
    assert with_twin(row, base, None) is row
    assert with_twin(row, base, twin).noise == twin_noise(base, twin)
    assert with_twin(row, base, twin).noise_source == "A/A arm"
