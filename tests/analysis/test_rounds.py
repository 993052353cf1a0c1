from __future__ import annotations

import dataclasses
import math

import pytest

from perfbench.analysis.rounds import difference, log_ratio, paired_rounds, round_figure, side_by_side
from tests.analysis.samples import CLOCK, measurement

ROUNDS = [[1.0, 2.0], [1.5, 2.5], [1.1, 2.1]]


def test_rounds_sampled_in_turn_are_side_by_side() -> None:
    assert side_by_side(measurement(ROUNDS), measurement(ROUNDS, started=CLOCK + 0.1))


def test_a_baseline_of_another_day_is_not_side_by_side_though_its_rounds_have_the_same_numbers() -> None:
    assert not side_by_side(measurement(ROUNDS), measurement(ROUNDS, started=CLOCK + 86_400))


def test_runs_without_a_start_are_not_side_by_side() -> None:
    unknown = measurement(ROUNDS)
    unknown = dataclasses.replace(
        unknown, runs=tuple(dataclasses.replace(r, started=0.0) for r in unknown.runs)
    )
    assert not side_by_side(unknown, unknown)


def test_rounds_with_unequal_counts_are_not_side_by_side() -> None:
    assert not side_by_side(measurement(ROUNDS), measurement([[1.0], *ROUNDS[1:]]))


def test_several_runs_of_one_round_are_not_side_by_side() -> None:
    once = measurement(ROUNDS)
    doubled = dataclasses.replace(once, runs=once.runs + once.runs[:1])
    assert not side_by_side(doubled, once)


def test_a_side_without_runs_is_not_side_by_side() -> None:
    assert not side_by_side(measurement(ROUNDS), measurement([]))


def test_only_common_rounds_are_paired() -> None:
    assert len(paired_rounds(measurement(ROUNDS), measurement(ROUNDS[:2]))) == 2


def test_a_pair_with_a_value_that_is_no_number_is_left_out_and_its_neighbours_stay_together() -> None:
    rounds = paired_rounds(measurement([[1.0, math.nan, 3.0]]), measurement([[10.0, 20.0, 30.0]]))
    assert rounds == [((1.0, 3.0), (10.0, 30.0))]


def test_a_round_without_a_sound_pair_is_left_out() -> None:
    assert paired_rounds(measurement([[math.inf], [1.0]]), measurement([[1.0], [2.0]])) == [((1.0,), (2.0,))]


def test_the_figure_of_a_round_is_the_median_change_of_neighbours_whatever_the_machine_did() -> None:
    slow_and_fast = (1.0, 5.0, 2.0), (1.1, 5.5, 200.0)
    assert round_figure(slow_and_fast, log_ratio) == pytest.approx(math.log(1.1))
    assert round_figure(slow_and_fast, difference) == pytest.approx(0.5)


@pytest.mark.parametrize(("base", "head"), [(1e300, 1e-300), (1e-300, 1e300), (5e-324, 1.0)])
def test_ratios_too_far_apart_for_a_float_have_a_logarithm(base: float, head: float) -> None:
    assert log_ratio(base, head) == pytest.approx(math.log(head) - math.log(base))
