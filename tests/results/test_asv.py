"""Reading asv's result files: what asv itself says of them, with problems where they are damaged."""

from __future__ import annotations

import gzip
import json
import math
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model import Outcome, Summary
from perfbench.results import asv, asv_tree
from perfbench.results.asv_benchmarks import Suite, read_suite
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document, real_data

COLUMNS = [
    "result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b",
    "stats_q_25", "stats_q_75", "stats_number", "stats_repeat", "samples", "profile",
]  # fmt: skip

PARAMS = [["'a'", "'b'"], ["1", "2"]]

CONTENT: dict[str, Any] = {
    "commit_hash": "1a2b3c4d5e6f",
    "env_name": "virtualenv-py3.12",
    "date": 1_700_000_000_000,
    "params": {"machine": "box", "arch": "x86_64", "cpu": "Model 1", "num_cpu": "2", "os": "Linux 6.1", "ram": "2048"},
    "python": "3.12",
    "requirements": {"numpy": "2.0", "six": ""},
    "env_vars": {},
    "result_columns": COLUMNS,
    "results": {
        "m.time_one": [[0.5], [], "v1", 1_700_000_100_000, 1.0, [0.4], [0.6], [0.45], [0.55], [7], [10]],
        "m.time_kept": [[0.5], [], "v1", 1_700_000_100_000, 1, [0.4], [0.6], [0.5], [0.5], [7], [3], [[0.4, 0.5, 0.6]]],
        "m.track_many": [[1, math.nan, None, 4], PARAMS, "v2"],
        "m.peakmem_one": [[1024], []],
        "m.time_gone": [None, [["1", "2"]]],
    },
    "durations": {},
    "version": 2,
}  # fmt: skip


def read(content: object, suite: Suite | None = None) -> ResultFile:
    return asv.read(document(json.dumps(content).encode(), "some.json"), suite or Suite())


def changed(name: str, row: object) -> dict[str, Any]:
    """The file with one benchmark's columns replaced."""
    return CONTENT | {"results": CONTENT["results"] | {name: row}}


def summary_of(result: ResultFile, name: str) -> Summary:
    (summary,) = [row.summary for row in result.side() if row.benchmark.name == name]
    assert summary is not None
    return summary


def test_a_median_comes_with_its_bounds_quartiles_and_number_of_samples() -> None:
    found = summary_of(read(CONTENT), "m.time_one")
    assert found == Summary(median=0.5, count=10, low=0.4, high=0.6, confidence=0.99, q25=0.45, q75=0.55)


def test_recorded_samples_are_one_run_and_no_summary() -> None:
    (kept,) = [row for row in read(CONTENT).side() if row.benchmark.name == "m.time_kept"]
    assert kept.summary is None
    (run,) = kept.runs
    assert (run.values, run.loops, run.started) == ((0.4, 0.5, 0.6), 7, 1_700_000_100.0)


def test_the_last_param_runs_fastest_and_nan_is_skipped_and_null_failed() -> None:
    result = read(CONTENT)
    values = {
        str(row.benchmark): row.runs[0].values for row in result.side() if "track" in row.benchmark.name
    }
    assert values == {"m.track_many(a, 1)": (1.0,), "m.track_many(b, 2)": (4.0,)}
    assert {str(ended.benchmark): ended.outcome for ended in result.outcomes} == {
        "m.track_many(a, 2)": Outcome.SKIPPED,
        "m.track_many(b, 1)": Outcome.FAILED,
        "m.time_gone(1)": Outcome.FAILED,
        "m.time_gone(2)": Outcome.FAILED,
    }


def test_a_metric_follows_from_the_name_where_nothing_else_tells() -> None:
    metrics = {row.benchmark.name: (row.metric.name, row.metric.unit) for row in read(CONTENT).side()}
    assert metrics == {
        "m.time_one": ("time", "seconds"),
        "m.time_kept": ("time", "seconds"),
        "m.track_many": ("track", "unit"),
        "m.peakmem_one": ("peakmem", "bytes"),
    }


def test_benchmarks_json_names_units_and_params(tmp_path: Path) -> None:
    described = {
        "m.track_many": {"type": "track", "unit": "calls", "param_names": ["letter", "size"]},
        "m.time_one": {"type": "track", "unit": 5},
        "version": 2,
    }
    (tmp_path / "benchmarks.json").write_text(json.dumps(described))
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "x.json").write_text(json.dumps(CONTENT))
    rows = {row.benchmark.name: row for row in asv.read(load(tmp_path / "box" / "x.json")).side()}
    assert rows["m.track_many"].metric.unit == "calls"
    assert rows["m.track_many"].benchmark.params == (("letter", "b"), ("size", "2"))
    assert rows["m.time_one"].metric.unit == "seconds"


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff", b"\x1f\x8b\x08broken"])
def test_a_damaged_benchmarks_json_is_told_and_guessed_around(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "benchmarks.json").write_bytes(data)
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "x.json").write_text(json.dumps(CONTENT))
    result = asv.read(load(tmp_path / "box" / "x.json"))
    assert len(result.side()) == 5
    assert ["guessed" in problem.message for problem in result.problems] == [True]


def test_the_header_tells_the_commit_and_the_machine() -> None:
    header = read(CONTENT).header
    assert header.created == 1_700_000_000.0
    environment = header.sides["head"].environment
    assert (environment.machine, environment.architecture, environment.cores) == ("box", "x86_64", 2)
    assert (environment.memory, environment.python, environment.commit) == (2048, "3.12", "1a2b3c4d5e6f")
    assert environment.dependencies == {"numpy": "2.0", "six": ""}


def test_the_version_of_a_benchmarks_code_is_kept() -> None:
    assert read(CONTENT).versions == {"m.time_one": "v1", "m.time_kept": "v1", "m.track_many": "v2"}


def test_the_older_layout_says_the_same() -> None:
    statistics = {
        "ci_99": [0.4, 0.6],
        "q_25": 0.45,
        "q_75": 0.55,
        "number": 7,
        "repeat": 10,
        "mean": 0.51,
        "std": 0.02,
    }
    older = {name: CONTENT[name] for name in ("commit_hash", "date", "params", "python", "requirements")} | {
        "results": {
            "m.time_bare": 0.25,
            "m.time_one": {"result": 0.5, "stats": statistics},
            "m.track_many": {"result": [1, math.nan, None, 4], "params": PARAMS},
            "m.time_kept": {"result": [0.5], "samples": [0.4, 0.6], "params": []},
        },
        "benchmark_version": {"m.time_one": "v1"},
        "version": 1,
    }  # fmt: skip
    result = read(older)
    assert result.problems == ()
    assert summary_of(result, "m.time_one").low == 0.4
    assert summary_of(result, "m.time_one").mean == 0.51
    assert summary_of(result, "m.time_one").count == 10
    assert summary_of(result, "m.time_bare") == Summary(median=0.25)
    assert [row.runs[0].values for row in result.side() if row.runs] == [(1.0,), (4.0,), (0.4, 0.6)]
    assert len(result.outcomes) == 2
    assert result.versions == {"m.time_one": "v1"}


def test_bounds_that_few_samples_cannot_have_are_left_out() -> None:
    row = [[0.5], [], "v1", 0, 1.0, [-math.inf], [math.inf], [0.5], [0.5], [1], [2]]
    found = summary_of(read(changed("m.time_one", row)), "m.time_one")
    assert (found.low, found.high, found.count) == (None, None, 2)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([[0.5, 0.5], []], "2 results do not fit its params"),
        ([[0.5], PARAMS], "1 results do not fit its params"),
        ([["fast"], []], "'fast' is not a number"),
        ([[True], []], "'True' is not a number"),
        ([[1e301], []], "too large"),
        ([[10**400], []], "too large"),
        ([[math.inf], []], "too large"),
        ([0.5, []], "Expected `array"),
        (7, "Expected `array"),
        ([[0.5], [], "v1", 0, 1.0, ["x"]], "stats_ci_99_a"),
        ([[0.5], 3], "params"),
    ],
)
def test_an_entry_that_cannot_be_used_is_a_problem_and_the_others_count(row: object, said: str) -> None:
    result = read(changed("m.time_one", row))
    assert [problem.message for problem in result.problems] == [result.problems[0].message]
    assert "m.time_one" in result.problems[0].message
    assert said in result.problems[0].message
    assert len(result.side()) == 4


def test_params_without_end_cost_no_more_than_the_results_there_are() -> None:
    endless = [[str(number) for number in range(1000)]] * 6
    result = read(changed("m.time_one", [[1.0], endless]))
    assert "do not fit" in result.problems[0].message
    gone = read(changed("m.time_one", [None, endless]))
    assert len(gone.outcomes) <= asv.MAX_ROWS + 4


@pytest.mark.parametrize("version", [0, 3, "x", True, None, [1]])
def test_another_layout_is_a_problem(version: object) -> None:
    result = read(CONTENT | {"version": version})
    assert "asv layout" in result.problems[0].message
    assert not result.side()


def test_a_key_that_stands_twice_is_told() -> None:
    text = json.dumps(CONTENT).replace('"python": "3.12"', '"python": "3.11", "python": "3.12"')
    result = asv.read(document(text.encode()), Suite())
    assert ["'python' stands twice" in problem.message for problem in result.problems] == [True]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*CONTENT, "benchmark_version", "started_at"]), _json), _json)
def test_whatever_stands_in_a_file_never_raises(parts: dict[str, Any], row: object) -> None:
    content = changed("m.time_one", row) | parts
    made = document(json.dumps(content).encode())
    if asv.recognises(made):
        result = asv.read(made, Suite())
        assert result.side() or result.outcomes or result.problems


@given(st.lists(_json, max_size=14), st.sampled_from([1, 2]))
def test_whatever_stands_in_a_benchmarks_columns_never_raises(row: list[object], version: int) -> None:
    older: dict[str, object] = dict(zip([*COLUMNS, "stats"], row, strict=False))
    for value in (row, older):
        result = read(changed("m.time_one", value) | {"version": version})
        assert result.side() or result.outcomes or result.problems


@given(st.integers(0, 2000), st.binary(max_size=3))
def test_a_file_with_damaged_bytes_never_raises(place: int, patch: bytes) -> None:
    data = json.dumps(CONTENT).encode()
    made = document(data[:place] + patch + data[place + len(patch) :])
    if asv.recognises(made):
        result = asv.read(made, Suite())
        assert result.side() or result.outcomes or result.problems


def test_figures_are_those_of_asv_itself(tmp_path: Path) -> None:
    folder = real_data("asv-kedro")
    with tarfile.open(folder / "raw_results.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    tree = asv_tree.survey(tmp_path / "results")
    assert (len(tree.runs), tree.problems) == (396, ())
    found = {
        (run.commit[:8], str(row.benchmark)): row for run, result in tree.results() for row in result.side()
    }
    with gzip.open(folder / "series.jsonl.gz", "rt", encoding="utf-8") as lines:
        series = [json.loads(line) for line in lines]
    checked = 0
    for one in series:
        names = ("commit", "y", "ci_lo", "ci_hi", "q25", "q75", "repeat")
        columns = zip(*(one[name] for name in names), strict=True)
        for commit, median, low, high, q25, q75, repeat in columns:
            row = found[commit, one["benchmark"].replace("'", "")]
            assert row.metric.unit == one["unit"]
            told = row.summary or Summary(median=row.runs[0].values[0])
            assert told.median == pytest.approx(median, rel=1e-5)
            assert (told.low, told.high, told.q25, told.q75, told.count) == (low, high, q25, q75, repeat)
            checked += 1
    assert checked > 5000


def test_the_suite_of_a_folder_without_one_is_empty(tmp_path: Path) -> None:
    assert read_suite(tmp_path) == Suite()
