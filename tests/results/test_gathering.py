"""What a reader keeps of a file is bounded, and nothing is left out in silence."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model import BenchmarkId, Measurement, Outcome
from perfbench.results import gathering
from perfbench.results.gathering import UNKNOWN, Gathering, moment, share_of
from perfbench.results.result_file import HEAD, LATEST, MAX_PROBLEMS, Header, SideHeader

from .samples import CALL, START, TIME, run

HEADER = Header("", 0.0, {HEAD: SideHeader("", "", False, UNKNOWN)})


def measured(benchmark: BenchmarkId, *values: float) -> Measurement:
    return Measurement(benchmark, TIME, (run(*values),), UNKNOWN, "some.json")


def test_a_row_that_stands_there_twice_counts_once() -> None:
    found = Gathering("some.json")
    found.take(measured(CALL, 1.0))
    found.take(measured(CALL, 2.0))
    result = found.result(HEADER)
    assert [row.runs[0].values for row in result.side()] == [(1.0,)]
    assert "there already" in result.problems[0].message


def test_a_file_with_outcomes_alone_is_complete() -> None:
    found = Gathering("some.json")
    found.take_outcome(CALL, Outcome.FAILED, "broke\nhere")
    result = found.result(HEADER)
    assert result.complete
    assert (result.side(), result.outcomes[0].reason) == ((), "broke\ufffdhere")


def test_a_file_with_nothing_says_so() -> None:
    result = Gathering("some.json").result(HEADER)
    assert (result.complete, result.problems[0].message) == (False, "holds no values")


def test_problems_beyond_the_first_hundred_are_counted() -> None:
    found = Gathering("some.json")
    for number in range(MAX_PROBLEMS + 7):
        found.note("is odd", number)
    problems = found.result(HEADER).problems
    assert problems[0].line == 0
    assert "7 more problems" in problems[MAX_PROBLEMS].message


def test_rows_beyond_the_bound_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_ROWS", 1)
    found = Gathering("some.json")
    found.take(measured(START, 1.0))
    found.take(measured(CALL, 1.0))
    result = found.result(HEADER)
    assert len(result.side()) == 1
    assert str(CALL) in result.problems[0].message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-03-01T12:00:00+00:00", 1709294400.0),
        ("2024-03-01T12:00:00Z", 1709294400.0),
        ("yesterday", 0.0),
        ("1500-01-01T00:00:00+00:00", 0.0),
        ("", 0.0),
        (None, 0.0),
        (17, 0.0),
    ],
)
def test_a_date_is_a_moment_and_anything_else_is_none(text: object, seconds: float) -> None:
    assert moment(text) == seconds
    assert 0 <= moment("9999-12-31T23:59:59") <= LATEST


@given(st.integers(1, 2**40), st.floats(0, 1))
def test_a_share_is_the_mean_of_ones_and_zeros(count: int, part: float) -> None:
    ones = round(part * count)
    summary = share_of(ones, count)
    assert (summary.mean, summary.count) == (ones / count, count)
    assert summary.stddev is not None
    assert 0 <= summary.stddev <= 0.5
    assert share_of(1, 4).stddev == pytest.approx(statistics.pstdev([1, 0, 0, 0]))
