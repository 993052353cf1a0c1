"""Reading JMH's JSON: forks are runs, whatever the mode."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest

from perfbench.model import BenchmarkId, Better, Measurement, Metric, Summary
from perfbench.results import jmh
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document, real_data

FILES = Path(__file__).parent / "files"

ENTRY: dict[str, Any] = {
    "benchmark": "org.example.f",
    "mode": "avgt",
    "primaryMetric": {"score": 2.0, "scoreUnit": "ns/op", "rawData": [[1.0, 3.0]]},
}


def read(*entries: object) -> ResultFile:
    file = document(json.dumps(entries).encode())
    assert jmh.recognises(file)
    return jmh.read(file)


@pytest.fixture(name="rows")
def _rows() -> dict[tuple[str, str], Measurement]:
    result = jmh.read(load(FILES / "jmh.json"))
    assert result.problems == ()
    return {(str(row.benchmark), row.metric.name): row for row in result.side()}


def test_each_fork_is_a_run_and_a_throughput_is_better_when_higher(
    rows: dict[tuple[str, str], Measurement],
) -> None:
    row = rows["org.example.Codec.encode(64, text)", "throughput"]
    assert row.metric == Metric("throughput", "ops/s", Better.HIGHER)
    assert row.benchmark.params == (("size", "64"), ("kind", "text"))
    assert [run.values for run in row.runs] == [(12.0e6, 12.5e6, 13.0e6), (12.25e6, 12.5e6, 12.75e6)]
    assert [run.round for run in row.runs] == [0, 1]


def test_profilers_are_metrics_and_only_the_cost_of_a_call_has_a_direction(
    rows: dict[tuple[str, str], Measurement],
) -> None:
    row = "org.example.Codec.encode(64, text)"
    assert rows[row, "gc.alloc.rate"].metric == Metric("gc.alloc.rate", "bytes/s", Better.NONE)
    assert rows[row, "gc.alloc.rate"].runs[0].values[0] == 512.0e6
    assert rows[row, "gc.alloc.rate.norm"].metric == Metric("gc.alloc.rate.norm", "bytes")


def test_a_sampled_fork_has_the_mean_of_each_iteration_and_the_tails_that_were_kept(
    rows: dict[tuple[str, str], Measurement],
) -> None:
    row = "org.example.Codec.decode(sample)"
    assert [run.values for run in rows[row, "time"].runs] == [
        pytest.approx((175e-9, 400e-9)),
        pytest.approx((200e-9, 550e-9)),
    ]
    tails = {name: found.summary for (name_of_row, name), found in rows.items() if name_of_row == row}
    assert tails["p95"] == Summary(500 * 1e-9)
    assert tails["p99.9"] == Summary(1000 * 1e-9)


def test_a_score_without_raw_data_is_a_summary(rows: dict[tuple[str, str], Measurement]) -> None:
    row = rows["org.example.Codec.open(ss)", "time"]
    assert row.runs == ()
    assert row.summary == Summary(
        median=3.25 * 1e-3,
        mean=3.5 * 1e-3,
        low=3 * 1e-3,
        high=4 * 1e-3,
        confidence=0.999,
        minimum=3 * 1e-3,
        maximum=4.5 * 1e-3,
    )


def test_versions_are_dependencies(rows: dict[tuple[str, str], Measurement]) -> None:
    found = rows["org.example.Codec.encode(64, text)", "throughput"].environment
    assert found.dependencies == {
        "JMH": "1.37",
        "JDK": "17.0.15",
        "JVM": "OpenJDK 64-Bit Server VM 17.0.15+6",
    }


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (3, "[1]: Expected `object`"),
        (ENTRY | {"benchmark": " "}, "has no name"),
        (ENTRY, "is there already"),
        ({"benchmark": "g"}, "missing required field `primaryMetric`"),
        ({"benchmark": "g", "primaryMetric": {"scoreUnit": "s/op"}}, "not a finite number"),
        ({"benchmark": "g", "primaryMetric": {"scoreUnit": "s/op", "rawData": [["NaN"]]}}, "not a finite"),
        (
            {"benchmark": "g", "primaryMetric": {"scoreUnit": "s/op", "rawDataHistogram": [[[[1.0, 0]]]]}},
            "without samples",
        ),
        (
            {"benchmark": "g", "primaryMetric": {"scoreUnit": "s/op", "rawDataHistogram": [[[[1.0, -1]]]]}},
            "without samples",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_and_the_others_count(entry: object, said: str) -> None:
    result = read(ENTRY, entry)
    assert said in result.problems[0].message
    assert [row.benchmark for row in result.side()] == [BenchmarkId("", "org.example.f")]


def test_a_secondary_metric_that_cannot_be_used_leaves_the_first() -> None:
    result = read(
        ENTRY | {"secondaryMetrics": {"·threads": {"score": "NaN", "scoreUnit": "threads"}, "x": 1}}
    )
    assert len(result.side()) == 1
    assert len(result.problems) == 2


@pytest.mark.parametrize("name", ["java_jmh_latency", "java_jmh_six", "java_jmh_throughput"])
def test_real_files_agree_with_the_scores_that_jmh_computed(name: str) -> None:
    path = real_data("format-samples") / f"bencher/{name}.json"
    result = jmh.read(load(path))
    entries = json.loads(path.read_text(encoding="utf-8"))
    assert result.problems == ()
    assert len(result.side()) == len(entries)
    for row, entry in zip(result.side(), entries, strict=True):
        assert row.benchmark.name == entry["benchmark"]
        assert [len(run.values) for run in row.runs] == [entry["measurementIterations"]]
        values = [value for run in row.runs for value in run.values]
        assert statistics.mean(values) == pytest.approx(entry["primaryMetric"]["score"], rel=1e-9)
        assert row.metric.better == ("higher" if "ops/" in entry["primaryMetric"]["scoreUnit"] else "lower")
