"""What a row did from night to night."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.limits import limit_of
from perfbench.analysis.stored_noise import (
    DEFAULT_ALLOWANCE,
    LEAST_RUNS,
    NoiseByRow,
    RowNoise,
    creep,
    row_noise,
    with_noise,
)
from perfbench.model import Better, Metric, Threshold
from tests.analysis.samples import SIZE, TIME, comparison, row, seeded

MEDIANS = st.lists(st.floats(1e-9, 1e9), min_size=LEAST_RUNS, max_size=50)


def nights(spread: float, count: int = 50) -> list[float]:
    generator = seeded("nights")
    return [math.exp(generator.gauss(0.0, spread)) for _ in range(count)]


def test_the_spread_is_that_of_the_move_from_one_night_to_the_next() -> None:
    spread = row_noise(nights(0.01, 5000)).spread
    assert spread == pytest.approx(math.sqrt(2) * 0.01, rel=0.05)


def test_a_step_that_was_once_accepted_is_not_noise() -> None:
    before, after = nights(0.01), [1.5 * value for value in nights(0.01)]
    with_step = row_noise([*before, *after]).spread
    assert with_step == pytest.approx(row_noise([*before, *before]).spread, rel=0.1)


def test_a_drift_adds_its_daily_part_and_no_more() -> None:
    drifting = [value * 1.001**day for day, value in enumerate(nights(0.01))]
    steady, drifted = row_noise(nights(0.01)).spread, row_noise(drifting).spread
    assert drifted == pytest.approx(steady, rel=0.1)


def test_a_row_that_mostly_stands_still_and_sometimes_leaps_is_noisy() -> None:
    leaping = [1.0, 1.0, 1.1, 1.1, 1.0, 1.0, 1.1, 1.1, 1.0, 1.0, 1.1, 1.1]
    spread = row_noise(leaping).spread
    assert spread is not None
    assert spread > 0.05


@given(MEDIANS, st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter_nor_does_the_direction_of_time(medians: list[float], factor: float) -> None:
    noise = row_noise(medians)
    scaled, reversed_ = row_noise([value * factor for value in medians]), row_noise(medians[::-1])
    assert noise.spread == pytest.approx(scaled.spread, abs=1e-9)
    assert noise.spread == pytest.approx(reversed_.spread, abs=1e-12)
    assert 0.0 <= noise.limit("seconds") < math.inf


@given(st.lists(st.floats(), max_size=20))
def test_medians_that_have_no_logarithm_are_left_out(medians: list[float]) -> None:
    noise = row_noise(medians)
    assert noise.runs == sum(1 for value in medians if 0 < value < math.inf)
    assert (noise.spread is None) == (noise.runs < LEAST_RUNS)


def test_too_few_runs_leave_a_stated_allowance_for_times_alone() -> None:
    noise = row_noise([1.0] * (LEAST_RUNS - 1))
    assert noise.limit("seconds") == DEFAULT_ALLOWANCE
    assert noise.limit("bytes") == 0.0
    assert noise.words == "default allowance, 5 of 6 stored runs"


def test_a_rows_limit_is_that_of_its_nights_and_says_so() -> None:
    noise: NoiseByRow = {(row(), "time"): RowNoise(0.0137, 12)}
    (known,) = with_noise([comparison()], noise)
    limit = limit_of(known, [], 0.0)
    assert limit.share == pytest.approx(math.expm1(3 * 0.0137))
    assert limit.rule == "limit 4.2 % (night-to-night noise of 12 stored runs)"
    asked = limit_of(known, [Threshold("*", "*", 0.02, origin="thresholds.toml:3")], 0.0)
    assert asked.rule == "limit 4.2 % (night-to-night noise of 12 stored runs; 2 % asked, thresholds.toml:3)"
    assert limit_of(known, [Threshold("*", "*", 0.1)], 0.0).share == 0.1


def test_the_noise_is_that_of_the_rows_own_metric_and_never_lowers_what_is_known() -> None:
    noise: NoiseByRow = {(row(), "time"): RowNoise(0.01, 12)}
    (other,) = with_noise([comparison(metric=SIZE)], noise)
    assert other.noise == 0.0
    (noisier,) = with_noise([comparison(metric=TIME, noise=0.2, noise_source="A/A arm")], noise)
    assert (noisier.noise, noisier.noise_source) == (0.2, "A/A arm")


def test_a_tail_moves_at_least_as_much_as_its_rows_centre() -> None:
    noise: NoiseByRow = {(row(), "time"): RowNoise(0.01, 12)}
    (tail,) = with_noise([comparison(metric=Metric("p99", "seconds"))], noise)
    assert tail.noise == pytest.approx(math.expm1(0.03))


@given(MEDIANS)
def test_what_creeps_up_as_a_time_creeps_down_as_a_rate(medians: list[float]) -> None:
    rates = [1.0 / value for value in medians]
    assert creep(medians, Better.LOWER) == pytest.approx(creep(rates, Better.HIGHER), rel=1e-6, abs=1e-6)
    assert creep(medians, Better.NONE) == creep(medians[: LEAST_RUNS - 1], Better.LOWER) == 0.0
