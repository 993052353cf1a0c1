"""How Go's format spells rows and metrics."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model import BenchmarkId, Better, Metric
from perfbench.results.go_words import (
    benchmark_of,
    metric_of,
    number,
    power,
    spelt,
    spelt_benchmark,
    spelt_number,
    spelt_unit,
    unit_facts,
)

from .samples import benchmark_ids, metrics


@pytest.mark.parametrize(
    ("name", "package", "row"),
    [
        ("BenchmarkX", "", "BenchmarkX"),
        ("BenchmarkX-8", "a/b", "a/b.BenchmarkX(8)"),
        ("BenchmarkX/key=v/size=10-16", "", "BenchmarkX(v, 10, 16)"),
        ("BenchmarkX/sub/key=v", "", "BenchmarkX/sub(v)"),
        ("BenchmarkX/100-4", "", "BenchmarkX/100(4)"),
        ("BenchmarkX/a=b=c", "", "BenchmarkX(b=c)"),
        ("BenchmarkX/_-_20", "", "BenchmarkX/_-_20"),
    ],
)
def test_parts_with_an_equals_sign_and_the_number_of_cpus_are_params(
    name: str, package: str, row: str
) -> None:
    assert str(benchmark_of(name, package, "", encoded=False)) == row


def test_a_row_of_perfbench_reads_well_in_benchstat() -> None:
    row = BenchmarkId("demo", "container.Lifecycle.time_start", (("runtime", "docker:runc"), ("n", "10")))
    assert spelt_benchmark(row) == ("", "Benchmark_container.Lifecycle.time_start/runtime=docker:runc/n=10")


def test_a_go_function_keeps_its_package_and_its_name() -> None:
    row = BenchmarkId("", "golang.org/x/perf.BenchmarkX/sub", (("size", "1"), ("gomaxprocs", "8")))
    assert spelt_benchmark(row) == ("golang.org/x/perf", "BenchmarkX/sub/size=1-8")


@given(benchmark_ids)
def test_any_row_is_read_back(row: BenchmarkId) -> None:
    package, name = spelt_benchmark(row)
    assert name.startswith("Benchmark")
    assert len(name.split()) == 1
    assert benchmark_of(name, package, spelt(row.suite), encoded=True) == row


@pytest.mark.parametrize(
    "name",
    ["a-8", "Benchmark", "Benchmark_x", "BenchmarkX", "p.BenchmarkX", "p.Benchmarkx", ".BenchmarkX", "a%41",
     "a/b=c", "a b\tc", "p q.BenchmarkX", "p.q.BenchmarkX.BenchmarkY", "p.Benchmark", "p.Benchmark_x", "", "/", "-1"],
)  # fmt: skip
def test_names_that_look_like_go_grammar_are_read_back(name: str) -> None:
    for params in ((), (("gomaxprocs", "8"),), (("a", "b-8"),), (("gomaxprocs", "8"), ("a", "b"))):
        row = BenchmarkId("", name, params)
        package, spelt = spelt_benchmark(row)
        assert benchmark_of(spelt, package, "", encoded=True) == row


@pytest.mark.parametrize(
    ("unit", "metric", "value"),
    [
        ("ns/op", Metric("time", "seconds"), 1.5e-9),
        ("sec/op", Metric("time", "seconds"), 1.5),
        ("p99-ns", Metric("p99-ns", "seconds"), 1.5e-9),
        ("build-real-ns/op", Metric("build-real-ns/op", "seconds"), 1.5e-9),
        ("B/op", Metric("B/op", "bytes"), 1.5),
        ("heap-MB", Metric("heap-MB", "bytes"), 1.5e6),
        ("text-bytes", Metric("text-bytes", "bytes"), 1.5),
        ("allocs/op", Metric("allocs/op", "allocs/op"), 1.5),
        ("MB/s", Metric("MB/s", "MB/s", Better.HIGHER), 1.5),
        ("requests/s", Metric("requests/s", "requests/s", Better.HIGHER), 1.5),
        ("ns/sec", Metric("ns/sec", "ns/sec", Better.HIGHER), 1.5),
        ("frames", Metric("frames", "frames", Better.NONE), 1.5),
    ],
)
def test_times_and_sizes_get_base_units_and_rates_are_better_higher(
    unit: str, metric: Metric, value: float
) -> None:
    assert metric_of(unit, {}) == metric
    assert number("1.5", power(unit, metric.unit)) == value


def test_a_unit_line_says_what_is_better() -> None:
    assert metric_of("frames", {"better": "higher"}).better is Better.HIGHER
    assert metric_of("ns/op", {"better": "up"}).better is Better.LOWER


@given(metrics)
def test_any_metric_is_read_back(metric: Metric) -> None:
    unit = spelt_unit(metric)
    facts = dict(fact.split("=", 1) for fact in unit_facts(metric, unit).split())
    assert len(unit.split()) == 1
    assert metric_of(unit, facts) == metric


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([-9, 0, 6]))
def test_any_finite_number_is_read_back_to_the_last_digit(value: float, ten: int) -> None:
    assert number(spelt_number(value, ten), ten) == value


@pytest.mark.parametrize("text", ["1e999", "-1E400", "9" * 500])
def test_a_number_that_is_too_large_is_infinite(text: str) -> None:
    assert math.isinf(number(text, 0))
