"""Reading what pytest-benchmark saved: its figures, and problems where it is not whole."""

from __future__ import annotations

import csv
import io
import json
import re
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model import Better, Measurement, Summary
from perfbench.results import pytest_benchmark
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document, real_data

STATS: dict[str, Any] = {
    "min": 1.0, "max": 3.0, "mean": 2.0, "stddev": 1.0, "median": 2.0, "q1": 1.5, "q3": 2.5,
    "rounds": 3, "iterations": 4, "data": [1.0, 3.0, 2.0],
}  # fmt: skip
TEST: dict[str, Any] = {
    "name": "test_x[a-1]",
    "fullname": "tests/test_a.py::TestB::test_x[a-1]",
    "params": {"word": "a", "count": 1},
    "param": "a-1",
    "extra_info": {"rows": 7, "note": "text", "flag": True},
    "stats": STATS,
}
SUITE: dict[str, Any] = {
    "machine_info": {
        "node": "box",
        "machine": "x86_64",
        "system": "Linux",
        "release": "6.1",
        "python_implementation": "CPython",
        "python_version": "3.11.2",
        "cpu": {"brand_raw": "Model 1", "count": 8},
    },
    "commit_info": {"id": "abc", "dirty": True},
    "benchmarks": [TEST],
    "datetime": "2024-03-01T12:00:00.5",
    "version": "5.1.0",
}
SUMMARY = Summary(2.0, 2.0, 1.0, 3, q25=1.5, q75=2.5, minimum=1.0, maximum=3.0)


def read(suite: object) -> ResultFile:
    return pytest_benchmark.read(document(json.dumps(suite).encode(), "some.json"))


def changed(**parts: object) -> dict[str, Any]:
    """The suite with one more test, of which parts are replaced."""
    return SUITE | {"benchmarks": [TEST | parts, TEST | {"fullname": "other", "params": None}]}


def figures(row: Measurement) -> dict[str, float | None]:
    """What pytest-benchmark prints of a test, from its rounds or their summary."""
    if not row.runs:
        assert row.summary is not None
        found = row.summary
        return {
            "min": found.minimum, "max": found.maximum, "mean": found.mean, "stddev": found.stddev,
            "median": found.median, "rounds": found.count,
        }  # fmt: skip
    values = [value for run in row.runs for value in run.values]
    return {
        "min": min(values), "max": max(values), "mean": statistics.mean(values),
        "stddev": statistics.stdev(values) if len(values) > 1 else 0.0,
        "median": statistics.median(values), "rounds": len(values),
    }  # fmt: skip


def test_a_test_is_a_run_with_the_seconds_per_call_of_each_round() -> None:
    result = read(SUITE)
    time, extra = result.side()
    (run,) = time.runs
    assert (str(time.benchmark), time.metric.unit) == ("tests/test_a.py::TestB::test_x(a, 1)", "seconds")
    assert time.benchmark.params == (("word", "a"), ("count", "1"))
    assert (run.values, run.loops, run.started) == ((1.0, 3.0, 2.0), 4, 1_709_294_400.5)
    assert time.summary is None
    assert (extra.metric.name, extra.metric.better, extra.runs[0].values) == ("rows", Better.NONE, (7.0,))
    assert (result.problems, result.complete, result.header.created) == ((), True, 1_709_294_400.5)


def test_where_the_rounds_were_not_saved_their_statistics_are_the_summary() -> None:
    suite = SUITE | {"benchmarks": [TEST | {"stats": {**STATS, "data": None}, "extra_info": {}}]}
    (row,) = read(suite).side()
    assert (row.runs, row.summary) == ((), SUMMARY)


def test_machine_and_commit_are_the_environment() -> None:
    side = read(SUITE).header.sides["head"]
    found = side.environment
    assert (found.machine, found.cpu, found.cores, found.kernel) == ("box", "Model 1", 8, "Linux 6.1")
    assert (found.python, found.architecture) == ("CPython 3.11.2", "x86_64")
    assert (side.commit, side.dirty) == ("abc", True)


@pytest.mark.parametrize(
    ("parts", "params"),
    [
        ({"params": None}, (("param", "a-1"),)),
        ({"params": {"f": "UNSERIALIZABLE[<function f at 0x7f>]"}}, (("param", "a-1"),)),
        ({"params": {"f": [1, 2]}}, (("param", "a-1"),)),
        ({"params": {"f": None, "g": 1.5, "h": False}}, (("f", "None"), ("g", "1.5"), ("h", "False"))),
        ({"fullname": "a.py::x"}, ()),
    ],
)
def test_params_that_change_from_run_to_run_are_named_by_pytests_own_id(
    parts: dict[str, Any], params: tuple[tuple[str, str], ...]
) -> None:
    assert read(changed(**parts)).side()[0].benchmark.params == params


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"stats": 3}, r"benchmarks\[0\]: Expected `object`, got `int` - at `\$.stats`"),
        ({"stats": {**STATS, "median": "x"}}, r"Expected `float \| null`, got `str`"),
        ({"stats": {"data": []}}, "neither rounds nor a median"),
        ({"stats": {"data": None, "median": float("nan")}}, "neither rounds nor a median"),
        ({"fullname": "", "name": " "}, "has no name"),
        ({"fullname": 3}, "Expected `str`"),
        ({"fullname": "other", "params": {}}, "other .time. is there already"),
        ({"stats": {**STATS, "data": [1.0, "..."]}}, "rounds cannot be used, its statistics are: .*`str`"),
        ({"stats": {**STATS, "data": [1.0, float("inf")]}}, "a round that is not a finite number"),
        ({"stats": {**STATS, "data": [10**400]}}, "out of range"),
        ({"stats": {**STATS, "rounds": 10**30}}, r"Expected `int` <= .*rounds"),
    ],
)
def test_a_test_that_cannot_be_used_is_named_and_the_others_count(parts: dict[str, Any], said: str) -> None:
    result = read(changed(**parts))
    assert re.search(said, result.problems[0].message), result.problems
    assert "other" in {str(row.benchmark) for row in result.side()}


def test_a_damaged_environment_is_a_problem_and_not_known() -> None:
    result = read(SUITE | {"machine_info": {"node": 3}})
    assert "environment is not known" in result.problems[0].message
    assert result.side()[0].environment.machine == ""


def test_a_repeated_key_is_a_problem() -> None:
    text = json.dumps(SUITE).replace('"rounds": 3', '"rounds": 3, "rounds": 4')
    assert "'rounds' stands twice" in pytest_benchmark.read(document(text.encode())).problems[0].message


def test_a_file_without_tests_is_not_complete() -> None:
    data = json.dumps(SUITE | {"benchmarks": []}).encode()
    result = pytest_benchmark.read(document(data))
    assert pytest_benchmark.recognises(document(data))
    assert (result.problems[0].message, result.complete) == ("holds no values", False)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(sorted({*TEST, *STATS, *SUITE} - {"benchmarks"})), any_json)
def test_any_json_in_any_place_gives_problems_or_rows(key: str, value: object) -> None:
    test = TEST | ({key: value} if key in TEST else {"stats": STATS | {key: value}})
    suite = SUITE | {"benchmarks": [test]} | ({key: value} if key in SUITE else {})
    data = document(json.dumps(suite).encode())
    if pytest_benchmark.recognises(data):
        result = pytest_benchmark.read(data)
        assert result.problems or result.side()


def saved(number: str) -> Path:
    return next((real_data("pytest-benchmark") / "storage").glob(f"{number}_*"))


def printed(path: Path) -> list[dict[str, str]]:
    """The table that pytest-benchmark's `compare --csv` wrote."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_all_saved_runs_have_the_figures_that_compare_prints() -> None:
    folder = real_data("pytest-benchmark")
    rows = [
        figures(row)
        for path in sorted((folder / "storage").glob("*.json"))
        for row in pytest_benchmark.read(load(path)).side()
    ]
    expected = printed(folder / "expected/compare_all.csv")
    assert len(rows) == len(expected) == 30
    for row in expected:
        wanted = {name: float(row[name]) for name in rows[0]}
        assert any(found == pytest.approx(wanted, rel=1e-6) for found in rows), row


@pytest.mark.parametrize("pair", [("0001", "0030"), ("0002", "0003")])
def test_pairs_of_saved_runs_have_the_figures_that_compare_prints(pair: tuple[str, str]) -> None:
    folder = real_data("pytest-benchmark")
    rows = [figures(pytest_benchmark.read(load(saved(number))).side()[0]) for number in pair]
    for row in printed(folder / f"expected/compare_{pair[0]}_{pair[1]}.csv"):
        wanted = {name: float(row[name]) for name in rows[0]}
        assert any(found == pytest.approx(wanted, rel=1e-6) for found in rows), row


def test_the_files_of_a_real_project_are_read_whole() -> None:
    for path in real_data("pytest-benchmark").glob("qutip-*.json.gz"):
        result = pytest_benchmark.read(load(path))
        assert result.problems == ()
        assert all(row.summary and row.summary.median for row in result.side())
        assert result.side()[0].environment.commit
