"""Reading what github-action-benchmark keeps: the last commit against the one before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perfbench.model import Better, Metric
from perfbench.results import github_action_benchmark
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document, real_data

FILES = Path(__file__).parent / "files"

BENCH = {"name": "f", "value": 1.5, "unit": "ms"}


def entry(commit: str, *benches: object, date: float = 1.7e12, tool: str = "go") -> dict[str, Any]:
    return {"commit": {"id": commit}, "date": date, "tool": tool, "benches": list(benches)}


def read(data: object) -> ResultFile:
    file = document(json.dumps(data).encode())
    assert github_action_benchmark.recognises(file)
    return github_action_benchmark.read(file)


def history(**suites: object) -> ResultFile:
    return read({"lastUpdate": 1, "entries": suites})


def medians(result: ResultFile, side: str) -> dict[tuple[str, str], float | None]:
    return {
        (str(row.benchmark), row.metric.name): row.summary.median if row.summary else None
        for row in result.side(side)
    }


def test_the_last_commit_is_head_and_the_one_before_it_is_base() -> None:
    result = github_action_benchmark.read(load(FILES / "github_action_benchmark.js"))
    assert result.problems == ()
    assert list(result.header.sides) == ["base", "head"]
    assert [side.commit[0] for side in result.header.sides.values()] == ["b", "c"]
    assert result.header.created == 1709294400.0
    assert medians(result, "base") == {
        ("Go/BenchmarkFib", "time"): pytest.approx(310.5e-9),
        ("Go/BenchmarkFib", "track"): 4.0,
    }
    assert medians(result, "head") == {
        ("Go/BenchmarkFib", "time"): pytest.approx(320.25e-9),
        ("Go/BenchmarkFib", "track"): 4.0,
        ("Go/BenchmarkCopy", "throughput"): pytest.approx(12.5e6),
        ("Size/room left", "mem"): pytest.approx(2e6),
        ("Size/score", "track"): 17.0,
    }


def test_the_tool_says_which_way_is_better_where_the_unit_cannot() -> None:
    result = github_action_benchmark.read(load(FILES / "github_action_benchmark.js"))
    found = {row.benchmark.name: row.metric.better for row in result.side()}
    assert found["Size/room left"] == found["Size/score"] == Better.HIGHER
    assert found["Go/BenchmarkCopy"] == Better.HIGHER


def test_a_commit_measured_again_is_no_base() -> None:
    result = history(A=[entry("a", BENCH), entry("a", BENCH | {"value": 2.5})])
    assert list(result.header.sides) == ["head"]
    assert medians(result, "head") == {("A/f", "time"): 0.0025}


def test_rows_of_two_suites_with_one_name_stay_apart() -> None:
    result = history(A=[entry("a", BENCH)], B=[entry("a", BENCH)])
    assert [str(row.benchmark) for row in result.side()] == ["A/f", "B/f"]
    assert [row.benchmark.suite for row in result.side()] == ["A", "B"]


def test_a_plain_list_is_the_side_head_and_its_rates_are_better_when_higher() -> None:
    result = github_action_benchmark.read(load(FILES / "github_action_benchmark_list.json"))
    assert [row.metric for row in result.side()] == [
        Metric("time", "seconds"),
        Metric("throughput", "req/s", Better.HIGHER),
        Metric("mem", "bytes"),
    ]
    assert medians(result, "head")["start", "time"] == pytest.approx(0.0125)


@pytest.mark.parametrize(
    ("bench", "said"),
    [
        (3, "A, head, benches[0]: Expected `object`"),
        ({"name": "g", "value": "x"}, "Expected `float`"),
        ({"name": "", "value": 1}, "has no name"),
        ({"name": "g", "value": float("nan")}, "not a finite number"),
        ({"name": "g", "value": 1e308, "unit": "TB"}, "not a finite number"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_the_others_count(bench: object, said: str) -> None:
    result = history(A=[entry("a", bench, BENCH)])
    assert said in result.problems[0].message
    assert list(medians(result, "head")) == [("A/f", "time")]


def test_an_entry_that_cannot_be_used_is_named_and_the_one_before_it_counts() -> None:
    result = history(A=[entry("a", BENCH), {"commit": 1}])
    assert "A[1]" in result.problems[0].message
    assert list(medians(result, "head")) == [("A/f", "time")]


@pytest.mark.parametrize("entries", [{}, {"A": []}, {"A": 3}])
def test_a_history_without_entries_holds_no_values(entries: dict[str, object]) -> None:
    result = history(**entries)
    assert (result.problems[0].message, result.complete) == ("holds no values", False)


def test_a_script_that_is_cut_off_says_so() -> None:
    data = (FILES / "github_action_benchmark.js").read_bytes()[:500]
    result = github_action_benchmark.read(document(data))
    assert "not valid JSON" in result.problems[0].message


def test_all_suites_of_a_real_history_are_read() -> None:
    path = real_data("github-action-benchmark") / "data.js.gz"
    result = github_action_benchmark.read(load(path))
    text = load(path).text
    suites = json.loads(text[text.index("{") :])["entries"]
    assert result.problems == ()
    for side in ("base", "head"):
        assert {row.benchmark.suite for row in result.side(side)} == set(suites)
    found = medians(result, "head")
    scales = {
        "ns": 1e-9,
        "us": 1e-6,
        "ns/op": 1e-9,
        "ns/iter": 1e-9,
        "ops/sec": 1.0,
        "iter/sec": 1.0,
        "ops/s": 1.0,
    }
    for suite, entries in suites.items():
        for bench in entries[-1]["benches"]:
            scale = scales.get(bench["unit"].split("\t")[0], 1.0)
            metric = {1.0: "throughput" if bench["unit"] != "auxMetricUnits" else "track"}.get(scale, "time")
            value = found[f"{suite}/{bench['name']}", metric]
            assert value == pytest.approx(bench["value"] * scale, rel=1e-9)
