from __future__ import annotations

import math

import pytest

from perfbench.analysis.answers import detectable, exp, no_answer, no_claim
from perfbench.analysis.intervals import Interval


def test_the_longer_arm_is_what_could_have_been_told() -> None:
    assert detectable(Interval(1.0, 0.8, 1.1, 0.95)) == pytest.approx(0.25)
    assert detectable(Interval(1.0, 0.9, 1.2, 0.95)) == pytest.approx(0.2)


def test_an_exact_ratio_could_have_told_anything_and_an_open_one_nothing() -> None:
    assert detectable(Interval(1.5, 1.5, 1.5, 0.95)) == 0.0
    assert detectable(Interval(1.5, 0.0, math.inf, 0.95)) == math.inf
    assert math.isnan(detectable(Interval(math.nan, math.nan, math.nan, 0.95)))


def test_no_answer_has_no_ratio_and_no_claim_has_one_without_bounds() -> None:
    assert math.isnan(no_answer("why", 0.95).interval.estimate)
    claim = no_claim(1.5, "why", 0.95, units=3)
    assert claim.interval == Interval(1.5, 0.0, math.inf, 0.95)
    assert (claim.p, claim.units, claim.warnings) == (1.0, 3, ("why",))


def test_a_shift_beyond_any_number_is_an_infinite_ratio() -> None:
    assert exp(math.log(2.0)) == pytest.approx(2.0)
    assert exp(1e6) == math.inf
    assert exp(-1e6) == 0.0
