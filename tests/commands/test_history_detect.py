from __future__ import annotations

import io
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import perfbench as package
from perfbench.commands.detecting import detect_lines
from perfbench.errors import ExitCode, UsageError
from tests.commands.command_line import perfbench

STEP = [1.0, 1.01, 0.99, 1.0, 1.01, 1.0, 1.3, 1.31, 1.3, 1.29, 1.3]


def answers(*lines: str) -> list[dict[str, object]]:
    """What is written for these lines, whether all could be read or not."""
    output = io.BytesIO()
    with suppress(UsageError):
        assert detect_lines(io.BytesIO("\n".join(lines).encode()), output) is ExitCode.PASSED
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_each_line_is_answered_in_order_with_the_first_points_of_new_levels(tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    lines = [{"id": "step", "y": STEP}, {"id": 2, "y": [1.0] * 30}, {"id": "none", "y": []}]
    file.write_text("\n".join(map(json.dumps, lines)))
    done = perfbench("history", "detect", str(file), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["id"], one["cps"]) for one in found] == [("step", [6]), (2, []), ("none", [])]
    (change,) = found[0]["changes"]
    assert change["direction"] == "regression"
    assert change["low"] < 1.3 < change["high"]


def test_the_command_and_the_call_say_the_same() -> None:
    (answer,) = answers(json.dumps({"id": "x", "y": STEP, "better": "higher"}))
    (change,) = package.detect(STEP, better="higher")
    assert answer["cps"] == [int(change)]
    assert answer["changes"] == [
        {**answer["changes"][0], "direction": "improvement", "ratio": change.ratio}  # type: ignore[index]
    ]


def test_nan_and_null_are_missing_values() -> None:
    (answer,) = answers('{"id": 1, "y": [' + "1, null, NaN, " * 10 + "2, " * 9 + '2], "low": null}')
    assert answer["cps"] == [30]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "the line"),
        ("[1, 2]", "no JSON object"),
        ('{"id": "x"}', "`y`"),
        ('{"id": "x", "y": "1"}', "$.y"),
        ('{"id": "x", "y": [1, "2"]}', "$.y"),
        ('{"id": "x", "y": [1, 2], "low": [1]}', "'low' has 1 values and 'y' 2"),
        ('{"id": "x", "y": [1], "better": "up"}', "write lower, higher or none"),
    ],
)
def test_a_line_that_cannot_be_read_is_answered_so_and_the_others_are_searched(line: str, said: str) -> None:
    wrong, right = answers(line, json.dumps({"id": "y", "y": STEP}))
    assert said in str(wrong["error"])
    assert right["cps"] == [6]


def test_lines_that_cannot_be_read_end_with_2(tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    file.write_text('{"y": 1}\n')
    done = perfbench("history", "detect", str(file), cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert done.stderr == "perfbench: 1 of 1 lines could not be read; their answers say why\n"
    file.write_text("\n\n")
    assert "no line to search" in perfbench("history", "detect", str(file), cwd=tmp_path).stderr


@given(st.text(max_size=60))
def test_no_line_breaks_it(line: str) -> None:
    for answer in answers(line):
        assert "error" in answer or "cps" in answer
