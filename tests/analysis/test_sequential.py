from __future__ import annotations

import math

from perfbench.analysis.judge import judge
from perfbench.analysis.sequential import undecided
from perfbench.model import Comparison, Outcome, Threshold, Verdict
from tests.analysis.samples import comparison, row, verdict

FIVE = [Threshold("*", "*", 0.05)]
NAME = row()


def again(row: Comparison) -> bool:
    return undecided(judge([row], FIVE, [], noise_floor=0.0)) == (NAME,)


def test_an_inconclusive_row_is_measured_again() -> None:
    assert again(comparison(1.05, 1.0, 1.1))
    assert again(comparison(1.05, 1.0, 1.1, rounds=500))


def test_a_regression_that_just_cleared_its_limit_is_confirmed() -> None:
    assert again(comparison(1.10, 1.06, 1.15))


def test_a_regression_far_beyond_its_limit_needs_no_confirmation() -> None:
    assert not again(comparison(1.38, 1.35, 1.41))


def test_a_regression_on_many_rounds_needs_no_confirmation() -> None:
    assert not again(comparison(1.10, 1.06, 1.15, rounds=20))


def test_an_improvement_is_confirmed_alike() -> None:
    assert again(comparison(1 / 1.10, 1 / 1.15, 1 / 1.06))
    assert not again(comparison(1 / 1.38, 1 / 1.41, 1 / 1.35))


def test_an_exact_change_needs_no_confirmation() -> None:
    assert not again(comparison(math.inf, math.inf, math.inf, base=0.0))
    assert not again(comparison(1.2, 1.2, 1.2, rounds=2))


def test_what_is_decided_is_left_alone() -> None:
    others = [outcome for outcome in Outcome if outcome is not Outcome.INCONCLUSIVE]
    assert undecided(verdict(outcome) for outcome in others) == ()


def test_each_row_comes_once_and_in_order() -> None:
    names = ["module.time_b", "module.time_a", "module.time_b"]
    verdicts: list[Verdict] = [verdict(Outcome.INCONCLUSIVE, name=name) for name in names]
    assert undecided(verdicts) == (row("module.time_b"), row("module.time_a"))
