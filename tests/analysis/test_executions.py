from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.executions import are_executions, compare_executions
from perfbench.model import Measurement
from tests.analysis.samples import CLOCK, measurement


def executions(rounds: list[list[float]], started: float = CLOCK) -> Measurement:
    """One execution a round, whose samples have no times."""
    found = measurement(rounds, started=started)
    return replace(found, runs=tuple(replace(run, times=()) for run in found.runs))


def test_a_round_is_the_ratio_of_the_two_executions_medians() -> None:
    base = executions([[1.0, 2.0, 9.0]] * 8)
    head = executions([[9.0, 4.0, 1.0, 4.0]] * 8)
    found = compare_executions(base, head)
    assert found.ratio == pytest.approx(2.0)
    assert (found.rounds, found.paired) == (8, True)


def test_values_that_are_no_numbers_leave_the_others_of_their_execution() -> None:
    base, head = executions([[1.0, float("nan")]] * 8), executions([[1.5, 1.5]] * 8)
    assert compare_executions(base, head).ratio == pytest.approx(1.5)


def test_a_round_without_a_partner_does_not_count() -> None:
    base, head = executions([[1.0]] * 9), executions([[1.1]] * 8)
    assert compare_executions(base, head).rounds == 8


def test_samples_taken_in_turn_are_no_executions() -> None:
    alternating = executions([[1.0]] * 6)
    assert are_executions(alternating, alternating)
    assert not are_executions(measurement([[1.0]] * 6), alternating)


def test_files_that_do_not_tell_when_they_ran_are_no_rounds() -> None:
    unknown = executions([[1.0]] * 6, started=-100.0)
    assert not are_executions(unknown, unknown)


@given(st.lists(st.lists(st.floats(0.1, 10), min_size=1, max_size=5), min_size=6, max_size=12))
def test_an_execution_compared_with_itself_has_not_moved(rounds: list[list[float]]) -> None:
    found = compare_executions(executions(rounds), executions(rounds))
    assert found.ratio == found.low == found.high == 1.0
