from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.judge import judge
from perfbench.analysis.tails import compare_tails, quantile_of, tail_comparisons
from perfbench.model import Budget, Measurement, Outcome, Summary, Threshold
from tests.analysis.samples import SIZE, measurement, seeded


def skewed(count: int, *, seed: int, factor: float = 1.0) -> Measurement:
    generator = seeded(seed)
    return measurement([[factor * math.exp(generator.gauss(0, 0.3)) for _ in range(count)]])


@pytest.mark.parametrize(
    ("name", "share"), [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("p0", None)]
)
def test_a_tail_is_named_by_its_percentage(name: str, share: float | None) -> None:
    assert quantile_of(name) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize("name", ["time", "peakmem", "p", "p100", "p-5", "p95 ", "P95", "p٩٥x"])
def test_other_metrics_are_no_tails(name: str) -> None:
    assert quantile_of(name) is None


def test_a_tail_is_compared_where_a_threshold_or_budget_asks_for_it() -> None:
    base, head = skewed(400, seed=1), skewed(400, seed=2)
    thresholds = [Threshold("*", "p99", 0.1), Threshold("other.*", "p90", 0.1), Threshold("*", "*", 0.05)]
    budgets = [Budget("module.*", "p95", 3.0), Budget("*", "p99", 9.0)]
    found = tail_comparisons(base, head, thresholds, budgets)
    assert [row.metric.name for row in found] == ["p95", "p99"]
    assert {(row.benchmark, row.metric.unit) for row in found} == {(head.benchmark, "seconds")}


def test_what_is_no_time_has_no_tail() -> None:
    size = measurement([[1.0] * 400], metric=SIZE)
    assert tail_comparisons(size, size, [Threshold("*", "p99", 0.1)], []) == []


def test_nobody_who_does_not_ask_gets_a_tail() -> None:
    assert tail_comparisons(skewed(400, seed=1), skewed(400, seed=2), [Threshold("*", "*", 0.1)], []) == []


def test_a_slower_tail_regresses_and_an_equal_one_does_not() -> None:
    base = skewed(1000, seed=3)
    same, slower = (
        compare_tails(base, skewed(1000, seed=4), "p99"),
        compare_tails(base, skewed(1000, seed=5, factor=1.6), "p99"),
    )
    assert same.low < 1 < same.high
    assert [row.outcome for row in judge([same, slower], [], [], noise_floor=0.0)] == [
        Outcome.INCONCLUSIVE,
        Outcome.REGRESSED,
    ]
    assert slower.confidence == pytest.approx(0.9025)
    assert slower.low < 1.6 < slower.high


@pytest.mark.parametrize(("name", "needed"), [("p95", 59), ("p99", 299), ("p99.9", 2995)])
def test_too_few_samples_make_no_claim_and_say_how_many_it_takes(name: str, needed: int) -> None:
    few = compare_tails(skewed(needed - 1, seed=1), skewed(needed, seed=2), name)
    assert (few.low, few.high) == (0.0, math.inf)
    assert few.warnings == (f"{name} needs {needed} samples on each side; there are {needed - 1}",)
    (verdict,) = judge([few], [], [], noise_floor=0.0)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    enough = compare_tails(skewed(needed, seed=1), skewed(needed, seed=2), name)
    assert 0 < enough.low < enough.ratio < enough.high < math.inf


def test_a_tail_within_its_own_bounds_may_be_over_a_budget() -> None:
    base, head = skewed(1000, seed=6), skewed(1000, seed=7)
    (row,) = tail_comparisons(base, head, [], [Budget("*", "p99", 1.5)])
    assert row.head_low > 1.5
    (verdict,) = judge([row], [], [Budget("*", "p99", 1.5)], noise_floor=0.0)
    assert verdict.outcome is Outcome.OVER_BUDGET


def test_without_samples_there_is_no_tail() -> None:
    stored = dataclasses.replace(measurement([]), summary=Summary(median=1.0))
    row = compare_tails(stored, skewed(400, seed=1), "p99")
    assert math.isnan(row.ratio)
    assert row.warnings == ("p99 needs the samples of both sides, in one unit",)


def test_a_name_that_is_no_tail_is_refused() -> None:
    with pytest.raises(ValueError, match="no tail"):
        compare_tails(skewed(10, seed=1), skewed(10, seed=1), "time")


@given(st.lists(st.floats(), min_size=1, max_size=80), st.lists(st.floats(), min_size=1, max_size=80))
def test_any_samples_get_an_answer(base: list[float], head: list[float]) -> None:
    row = compare_tails(measurement([base]), measurement([head]), "p90")
    assert math.isnan(row.ratio) or 0 <= row.low <= row.ratio <= row.high
    assert math.isnan(row.p) or 0 <= row.p <= 1
