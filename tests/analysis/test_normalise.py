"""Comparisons across different hardware, divided by the control's."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.normalise import across, normalised, said
from perfbench.model import Comparison, Outcome
from tests.analysis.samples import SIZE, comparison, verdict

HARD = ("the CPU differs: A and B",)
RATIOS = st.floats(0.1, 10.0)


def sorted_across(*rows: Comparison, control: Comparison | None = None, **changes: Any) -> Any:
    asked: dict[str, Any] = {"same_architecture": True, "asked": True, **changes}
    return across(rows, HARD, control, **asked)


@given(RATIOS, st.tuples(RATIOS, RATIOS), RATIOS, st.tuples(RATIOS, RATIOS))
def test_the_interval_holds_every_quotient_of_what_the_two_hold(
    ratio: float, reach: tuple[float, float], pace: float, drift: tuple[float, float]
) -> None:
    row = comparison(ratio, min(ratio, *reach), max(ratio, *reach))
    control = comparison(pace, min(pace, *drift), max(pace, *drift))
    found = normalised(row, control)
    assert found.ratio == pytest.approx(ratio / pace)
    for one in (row.low, row.ratio, row.high):
        for other in (control.low, control.ratio, control.high):
            assert found.low * (1 - 1e-12) <= one / other <= found.high * (1 + 1e-12)


def test_a_machine_that_is_twice_as_slow_moves_no_row() -> None:
    found = normalised(comparison(2.0, 1.99, 2.01), comparison(2.0, 1.99, 2.01), HARD)
    assert found.ratio == 1.0
    assert found.low < 1.0 < found.high
    assert found.p == 1.0
    assert found.confidence == pytest.approx(0.98)
    assert "times are normalised by the control, which moved by +100 %" in found.warnings[-1]
    assert HARD[0] in found.warnings[-1]


def test_a_row_that_is_slower_than_the_machine_has_regressed_by_the_difference() -> None:
    found = normalised(comparison(2.4, 2.39, 2.41), comparison(2.0, 1.99, 2.01))
    assert found.low > 1.15
    assert found.p == pytest.approx(0.02)
    assert found.evidence == ()


def test_a_control_without_a_claim_leaves_none() -> None:
    found = normalised(comparison(2.0, 1.9, 2.1), comparison(2.0, 0.0, math.inf))
    assert (found.low, found.high) == (0.0, math.inf)
    assert found.detectable == math.inf


def test_nothing_is_compared_across_hardware_unless_it_is_asked_for() -> None:
    found = sorted_across(comparison(), control=comparison(), asked=False)
    assert found.normalised == ()
    assert (found.incomparable[0].outcome, found.incomparable[0].reason) == (Outcome.INCOMPARABLE, HARD[0])


@pytest.mark.parametrize(
    ("row", "changes", "said_"),
    [
        (comparison(), {"same_architecture": False}, "the architectures differ, or one is not known"),
        (comparison(), {"control": None}, "not both hold the control"),
        (comparison(), {"control": comparison(math.nan)}, "not both hold the control"),
        (comparison(metric=SIZE), {}, "the control tells nothing of what is no time"),
    ],
)
def test_what_cannot_be_normalised_says_why(row: Comparison, changes: dict[str, Any], said_: str) -> None:
    found = sorted_across(row, **{"control": comparison(), **changes})
    assert found.normalised == ()
    assert found.incomparable[0].reason == f"{HARD[0]}; not normalised: {said_}"


def test_every_verdict_says_that_it_is_normalised() -> None:
    (found,) = said([verdict(Outcome.PASSED)])
    assert found.reason == "normalised by the control"
