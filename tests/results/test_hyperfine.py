"""Reading what hyperfine exports."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model import Outcome, Summary
from perfbench.results import hyperfine
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document, real_data
from .test_pytest_benchmark import any_json

COMMAND: dict[str, Any] = {
    "command": "sleep 0.1",
    "mean": 0.2,
    "stddev": 0.1,
    "median": 0.2,
    "user": 0.0,
    "system": 0.0,
    "min": 0.1,
    "max": 0.3,
    "times": [0.1, 0.3, 0.2],
    "memory_usage_byte": [1024, 2048, 1024],
    "exit_codes": [0, 0, 0],
    "parameters": {"delay": "0.1"},
}
OTHER = COMMAND | {"command": "other", "parameters": {}}


def read(*commands: object) -> ResultFile:
    return hyperfine.read(document(json.dumps({"results": list(commands)}).encode(), "some.json"))


def test_each_time_is_a_process_and_so_a_run() -> None:
    result = read(COMMAND)
    time, memory = result.side()
    assert (time.benchmark.name, time.benchmark.params) == ("sleep 0.1", (("delay", "0.1"),))
    assert [run.values for run in time.runs] == [(0.1,), (0.3,), (0.2,)]
    assert [run.round for run in time.runs] == [0, 1, 2]
    assert (memory.metric.name, memory.metric.unit) == ("peakmem", "bytes")
    assert [run.values for run in memory.runs] == [(1024.0,), (2048.0,), (1024.0,)]
    assert (result.problems, result.complete) == ((), True)


def test_without_times_the_statistics_are_the_summary() -> None:
    (row,) = read({"command": "x", "mean": 0.2, "median": 0.1, "stddev": None, "min": 0.1, "max": 0.3}).side()
    assert (row.runs, row.summary) == ((), Summary(median=0.1, mean=0.2, minimum=0.1, maximum=0.3))


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ([0, 1, 1], "2 of 3 runs ended with exit code 1"),
        ([None, 0, 2], "2 of 3 runs ended by a signal or with exit code 2"),
    ],
)
def test_a_command_that_ended_otherwise_than_with_0_has_failed(codes: list[int | None], reason: str) -> None:
    result = read(COMMAND | {"exit_codes": codes}, OTHER)
    (ended,) = result.outcomes
    assert (ended.outcome, ended.reason, ended.sides) == (Outcome.FAILED, reason, ("head",))
    assert {row.benchmark.name for row in result.side()} == {"other"}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"times": ["x"]}, r"results\[0\]: Expected `float`, got `str`"),
        ({"times": [float("nan")]}, "not a finite number"),
        ({"times": [10**400]}, "out of range"),
        ({"times": None, "mean": None, "median": None}, "neither times nor a median"),
        ({"command": " "}, "has no command"),
        ({"command": 3}, "Expected `str`"),
        ({"exit_codes": 0}, "Expected `array"),
        ({"command": "other", "parameters": {}}, "other .time. is there already"),
        ({"memory_usage_byte": [float("inf")]}, "not a finite number"),
    ],
)
def test_a_command_that_cannot_be_used_is_named_and_the_others_count(
    parts: dict[str, Any], said: str
) -> None:
    result = read(COMMAND | parts, OTHER)
    assert re.search(said, result.problems[0].message), result.problems
    assert "other" in {row.benchmark.name for row in result.side()}


def test_a_repeated_key_is_a_problem() -> None:
    text = json.dumps({"results": [COMMAND]}).replace('"min": 0.1', '"min": 0.1, "min": 0.2')
    assert "'min' stands twice" in hyperfine.read(document(text.encode())).problems[0].message


@given(st.sampled_from(sorted(COMMAND)), any_json)
def test_any_json_in_any_place_gives_problems_rows_or_outcomes(key: str, value: object) -> None:
    data = document(json.dumps({"results": [COMMAND | {key: value}]}).encode())
    if hyperfine.recognises(data):
        result = hyperfine.read(data)
        assert result.problems or result.side() or result.outcomes


@pytest.mark.parametrize(("name", "counts"), [("one", [214]), ("two", [27, 13])])
def test_real_exports_are_read_whole(name: str, counts: list[int]) -> None:
    data = load(real_data("format-samples") / f"bencher/shell_hyperfine_{name}.json")
    result = hyperfine.read(data)
    assert hyperfine.recognises(data)
    assert ([len(row.runs) for row in result.side()], result.problems) == (counts, ())
