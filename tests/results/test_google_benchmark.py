"""Reading Google Benchmark's JSON: repetitions, aggregates, counters and failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perfbench.model import BenchmarkId, Better, Metric, Outcome, Summary
from perfbench.results import google_benchmark
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document, real_data

FILES = Path(__file__).parent / "files"
REPEATED = json.loads((FILES / "google_benchmark.json").read_text(encoding="utf-8"))

ENTRY: dict[str, Any] = {"name": "f", "iterations": 8, "real_time": 2.0, "cpu_time": 1.0, "time_unit": "us"}


def read(*entries: object, **context: object) -> ResultFile:
    file = document(json.dumps({"context": {"num_cpus": 2} | context, "benchmarks": entries}).encode())
    assert google_benchmark.recognises(file)
    return google_benchmark.read(file)


def values(result: ResultFile, metric: str) -> dict[str, tuple[float, ...]]:
    """The samples of a metric by row; each row has one run."""
    return {
        str(row.benchmark): row.runs[0].values
        for row in result.side()
        if row.metric.name == metric and len(row.runs) == 1
    }


def test_repetitions_are_the_samples_of_one_process() -> None:
    result = google_benchmark.read(load(FILES / "google_benchmark.json"))
    times = [
        entry["real_time"] * 1e-9
        for entry in REPEATED["benchmarks"]
        if entry["run_name"] == "copy/64" and entry["run_type"] == "iteration"
    ]
    assert values(result, "time")["copy/64"] == pytest.approx(times)
    assert result.side()[0].runs[0].loops == REPEATED["benchmarks"][0]["iterations"]
    assert result.problems == ()


def test_cpu_time_and_counters_are_metrics_of_their_own() -> None:
    result = google_benchmark.read(load(FILES / "google_benchmark.json"))
    found = {row.metric for row in result.side() if str(row.benchmark) == "copy/64"}
    assert found == {
        Metric("time", "seconds"),
        Metric("cpu", "seconds"),
        Metric("bytes_per_second", "bytes/s", Better.HIGHER),
        Metric("items_per_second", "items/s", Better.HIGHER),
        Metric("waste", "count", Better.NONE),
    }


def test_aggregates_are_the_summary_where_they_are_all_there_is() -> None:
    result = google_benchmark.read(load(FILES / "google_benchmark_aggregates.json"))
    entries = json.loads((FILES / "google_benchmark_aggregates.json").read_text(encoding="utf-8"))[
        "benchmarks"
    ]
    mean, median, deviation = (entry["real_time"] * 1e-9 for entry in entries[:3])
    row = result.side()[0]
    assert (row.metric.name, row.runs) == ("time", ())
    assert row.summary == Summary(median, mean, deviation, count=3)


def test_aggregates_of_older_versions_are_known_by_their_names() -> None:
    result = read(
        ENTRY | {"name": "f_mean", "aggregate_name": "mean"},
        ENTRY | {"name": "f_BigO", "run_name": "f", "run_type": "aggregate", "aggregate_name": "BigO"},
    )
    assert [str(row.benchmark) for row in result.side() if row.metric.name == "time"] == ["f"]
    assert result.side()[0].summary == Summary(mean=2.0 * 1e-6)


def test_a_benchmark_that_failed_or_was_skipped_is_an_outcome_with_its_reason() -> None:
    result = read(
        {"name": "a", "error_occurred": True, "error_message": "no such device"},
        {"name": "b", "skipped": True, "skip_message": "not here"},
        ENTRY,
    )
    assert [(str(row.benchmark), row.outcome, row.reason) for row in result.outcomes] == [
        ("a", Outcome.FAILED, "no such device"),
        ("b", Outcome.SKIPPED, "not here"),
    ]


@pytest.mark.parametrize(("unit", "seconds"), [("ns", 2e-9), ("us", 2e-6), ("ms", 2e-3), ("s", 2.0)])
def test_times_are_in_seconds(unit: str, seconds: float) -> None:
    assert values(read(ENTRY | {"time_unit": unit}), "time")["f"] == pytest.approx((seconds,))


def test_the_context_tells_the_machine_the_date_and_what_was_not_quiet() -> None:
    result = read(
        ENTRY,
        host_name="box",
        date="2024-03-01T12:00:00+00:00",
        cpu_scaling_enabled=True,
        library_build_type="debug",
    )
    environment = result.side()[0].environment
    assert (environment.machine, environment.cores) == ("box", 2)
    assert result.header.created == result.side()[0].runs[0].started == 1709294400.0
    assert ["scaling" in result.header.noise[0], "debugging" in result.header.noise[1]] == [True, True]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (3, "benchmarks[1]: Expected `object`"),
        ({"name": " "}, "benchmarks[1]: has no name"),
        ({"name": "g"}, "benchmarks[1]: g has no values"),
        (ENTRY | {"name": "g", "time_unit": "day"}, "the time unit 'day'"),
        (ENTRY | {"name": "g", "real_time": float("nan")}, "time is not a finite number"),
        (ENTRY | {"name": "g", "waste": 10**400}, "waste is not a finite number"),
        (ENTRY | {"name": "g", "real_time": "1"}, "Expected `float"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_and_the_others_count(entry: object, said: str) -> None:
    result = read(ENTRY, entry)
    assert said in result.problems[0].message
    assert list(values(result, "time")) == ["f"]
    assert BenchmarkId("", "g") not in {row.benchmark for row in result.side()}


def test_a_real_file_is_read_to_the_last_digit() -> None:
    path = real_data("format-samples") / "bencher/cpp_google_two.txt"
    result = google_benchmark.read(load(path))
    assert values(result, "time") == {
        "fib_10": pytest.approx((2.1498980114547953e-7,), rel=1e-12),
        "fib_20": pytest.approx((2.7455600415007055e-5,), rel=1e-12),
    }
    assert values(result, "cpu")["fib_10"] == pytest.approx((2.1365507206163295e-7,), rel=1e-12)
    assert result.problems == ()
