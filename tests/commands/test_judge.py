from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.commands.judging import judge_lines, share
from perfbench.errors import ExitCode, UsageError
from tests.commands.command_line import ROOT, perfbench

FAST = [[1.0, 1.01], [1.02], [0.99], [1.0], [1.01], [0.98]]
SLOW = [[value * 1.2 for value in run] for run in FAST]
FIELDS = [
    "id", "unit", "better", "a", "b", "threshold", "paired", "median", "mean", "stddev", "n", "ci99", "min", "max", "x",
]  # fmt: skip


def line(name: object, base: object = FAST, head: object = FAST, **more: object) -> str:
    return json.dumps({"id": name, "unit": "s", "a": base, "b": head, **more})


def judged(
    tmp_path: Path, *lines: str, options: tuple[str, ...] = ()
) -> tuple[int, list[dict[str, object]], str]:
    """The exit code, the answers and stderr of `perfbench judge` over these lines."""
    file = tmp_path / "pairs.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = perfbench("judge", *options, str(file), cwd=tmp_path)
    return done.returncode, [json.loads(answer) for answer in done.stdout.splitlines()], done.stderr


def test_each_line_gets_its_verdict_in_order(tmp_path: Path) -> None:
    code, answers, _ = judged(
        tmp_path, line("same"), "", line("slow", head=SLOW), line("fast", SLOW, FAST), line(4, [1.0], [2.0])
    )
    assert code == ExitCode.REGRESSED
    assert [(answer["id"], answer["verdict"]) for answer in answers] == [
        ("same", "inconclusive"),
        ("slow", "regressed"),
        ("fast", "improved"),
        (4, "inconclusive"),
    ]
    assert set(answers[0]) == {
        "id", "verdict", "ratio", "low", "high", "confidence", "p", "detectable", "effect", "reason", "warnings",
    }  # fmt: skip
    assert answers[3]["high"] is None
    assert answers[3]["warnings"]


def test_lines_may_say_direction_threshold_and_pairing(tmp_path: Path) -> None:
    code, answers, _ = judged(
        tmp_path,
        line("rate", head=SLOW, better="higher", unit="requests"),
        line("wide", head=SLOW, threshold="50 %"),
        line("share", head=SLOW, threshold=0.5),
        line("paired", [*FAST, *FAST], [*FAST, *FAST], paired=True),
    )
    assert code == ExitCode.PASSED
    assert [answer["verdict"] for answer in answers] == ["improved", "passed", "passed", "passed"]


def test_a_bad_line_gets_an_error_and_the_others_their_verdicts(tmp_path: Path) -> None:
    code, answers, stderr = judged(
        tmp_path,
        "no json",
        "[1]",
        '{"id": "short", "a": [1.0]}',
        '{"id": "text", "a": "x", "b": [1.0]}',
        '{"id": {"deep": 1}, "a": [1.0], "b": [1.0]}',
        line("limit", threshold=5),
        line("way", better="faster"),
        line("good", head=SLOW),
    )
    assert code == ExitCode.USAGE
    assert [answer["id"] for answer in answers] == [None, None, "short", "text", None, "limit", "way", "good"]
    assert all(isinstance(answer["error"], str) for answer in answers[:-1])
    assert answers[-1]["verdict"] == "regressed"
    assert stderr == "perfbench: 7 of 8 lines could not be judged; their answers say why\n"


def test_bare_nan_and_null_are_missing_values(tmp_path: Path) -> None:
    code, answers, _ = judged(
        tmp_path, '{"a": [NaN, 1, 1, 1, 1, 1], "b": [1, null, 1, 1, 1, Infinity, 1], "x": 1}'
    )
    assert code == ExitCode.PASSED
    assert answers[0]["id"] is None
    assert answers[0]["verdict"] == "passed"
    assert isinstance(warnings := answers[0]["warnings"], list)
    assert "3 values are not finite numbers and were left out" in warnings
    assert "the key 'x' is unknown and was not used" in warnings


def test_a_family_holds_its_error_over_all_lines(tmp_path: Path) -> None:
    lines = [line("slow", FAST[:5], SLOW[:5]), *(line(number, FAST[:5], FAST[:5]) for number in range(50))]
    assert judged(tmp_path, *lines)[0] == ExitCode.REGRESSED
    code, answers, _ = judged(tmp_path, *lines, options=("--family",))
    assert code == ExitCode.PASSED
    assert [answer["id"] for answer in answers] == ["slow", *range(50)]
    assert judged(tmp_path, *lines, options=("--family", "--strict"))[0] == ExitCode.UNDECIDED


def test_the_threshold_of_all_lines_is_an_option(tmp_path: Path) -> None:
    assert judged(tmp_path, line("slow", head=SLOW), options=("--threshold", "50 %"))[0] == ExitCode.PASSED
    code, answers, stderr = judged(tmp_path, line("slow"), options=("--threshold", "fast"))
    assert (code, answers) == (ExitCode.USAGE, [])
    assert stderr.startswith("perfbench: 'fast' is no number")


@pytest.mark.parametrize("limit", ["5", 1.0, "-1 %", -0.1])
def test_a_threshold_that_is_no_share_is_refused(limit: str | float) -> None:
    with pytest.raises(UsageError, match="is no share of 1"):
        share(limit)


def test_nothing_to_judge_is_no_pass(tmp_path: Path) -> None:
    code, answers, stderr = judged(tmp_path, "")
    assert (code, answers) == (ExitCode.USAGE, [])
    assert "no line to judge" in stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = perfbench("judge", "absent.jsonl", cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "absent.jsonl" in done.stderr
    assert done.stderr.count("\n") == 1


def test_answers_come_line_by_line_from_a_pipe(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "perfbench", "judge", "-"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for name in ("first", "second"):
            process.stdin.write(line(name) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == name
        process.stdin.close()
        assert process.wait(60) == ExitCode.PASSED


def test_a_line_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perfbench.commands.json_lines.MOST_BYTES", 300)
    lines, answers = io.BytesIO(f"{'[' * 1000}\n{line('good')}\n{'[' * 500}".encode()), io.BytesIO()
    with pytest.raises(UsageError, match="2 of 3 lines"):
        judge_lines(lines, answers, 0.01, family=False, strict=False)
    first, good, last = answers.getvalue().splitlines()
    assert b"longer than" in first
    assert b"longer than" in last
    assert json.loads(good)["id"] == "good"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.booleans())
def test_any_line_gets_one_answer(value: dict[str, object], family: bool) -> None:
    answers = io.BytesIO()
    with suppress(UsageError):
        judge_lines(io.BytesIO(json.dumps(value).encode()), answers, 0.01, family=family, strict=False)
    (answer,) = answers.getvalue().splitlines()
    assert {"verdict", "error"} & json.loads(answer).keys()


@given(st.binary())
def test_any_bytes_get_an_answer_for_each_line(data: bytes) -> None:
    answers = io.BytesIO()
    with suppress(UsageError):
        judge_lines(io.BytesIO(data), answers, 0.01, family=False, strict=False)
    assert len(answers.getvalue().splitlines()) == sum(bool(part.strip()) for part in data.split(b"\n"))
