"""What other tools' units mean."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.results.foreign_units import metric_of


@pytest.mark.parametrize(
    ("word", "unit", "factor"),
    [
        ("ns", "seconds", 1e-9),
        ("ns/iter", "seconds", 1e-9),
        ("us/op", "seconds", 1e-6),
        ("ms/request", "seconds", 1e-3),
        ("s/op", "seconds", 1.0),
        ("Milliseconds", "seconds", 1e-3),
        ("usec", "seconds", 1e-6),
    ],
)
def test_a_time_is_in_seconds_whether_of_a_call_or_in_all(word: str, unit: str, factor: float) -> None:
    metric, found = metric_of(word)
    assert (metric.name, metric.unit, metric.better) == ("time", unit, "lower")
    assert found == pytest.approx(factor)


@pytest.mark.parametrize(
    ("word", "unit", "factor"),
    [
        ("ops/s", "ops/s", 1.0),
        ("ops/sec", "ops/s", 1.0),
        ("ops/ms", "ops/s", 1e3),
        ("iter/sec", "iter/s", 1.0),
        ("MB/s", "bytes/s", 1e6),
        ("MiB/min", "bytes/s", 2**20 / 60),
    ],
)
def test_work_in_a_span_of_time_is_by_the_second_and_better_when_higher(
    word: str, unit: str, factor: float
) -> None:
    metric, found = metric_of(word)
    assert (metric.name, metric.unit, metric.better) == ("throughput", unit, "higher")
    assert found == pytest.approx(factor)


@pytest.mark.parametrize(("word", "factor"), [("B/op", 1.0), ("kB", 1e3), ("Megabytes", 1e6), ("GiB", 2**30)])
def test_a_size_is_in_bytes(word: str, factor: float) -> None:
    metric, found = metric_of(word)
    assert (metric.name, metric.unit, metric.better, found) == ("mem", "bytes", "lower", factor)


@pytest.mark.parametrize("word", ["allocs/op", "points", "", "%", "a b", "/", "x/y"])
def test_any_other_word_stays_what_it_is(word: str) -> None:
    metric, found = metric_of(word)
    assert (metric.name, metric.unit, metric.better, found) == ("track", word, "lower", 1.0)


@given(st.text(max_size=200))
def test_any_text_is_a_unit_of_bounded_length(word: str) -> None:
    metric, factor = metric_of(word)
    assert factor > 0
    assert math.isfinite(factor)
    assert len(metric.unit) < 100
