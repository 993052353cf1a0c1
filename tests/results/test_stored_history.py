"""What a baseline was before."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import ExitCode, PerfbenchError
from perfbench.model import Measurement
from perfbench.results.result_file import ResultFile
from perfbench.results.stored_history import (
    KEPT,
    History,
    RowLine,
    RunLine,
    beside,
    hardware_words,
    read,
    run_line,
    write,
)
from tests.results.samples import ENVIRONMENT, START, TIME, header, run

HERE = hardware_words(ENVIRONMENT)


def stored(created: float, median: float = 1.0, hardware: str = HERE) -> RunLine:
    return RunLine(created, "abc", hardware, (RowLine(str(START), "time", median, 0.1, 10),))


def test_a_line_has_the_middle_of_the_rounds_and_no_sample() -> None:
    rounds = (run(1.0, 3.0, math.nan), run(4.0, number=1), run(9.0, number=2), run(math.inf, number=3))
    measured = Measurement(START, TIME, rounds, ENVIRONMENT, "head")
    line = run_line(ResultFile(header("head"), {"head": (measured,)}), "head")
    assert (line.created, line.commit, line.hardware) == (1_700_000_000.5, "abc", HERE)
    (row,) = line.rows
    assert (row.row, row.metric, row.median, row.runs) == (str(START), "time", 4.0, 3)
    assert row.spread == pytest.approx((9.0 - 2.0) / 2)


def test_a_row_without_a_finite_value_leaves_no_line() -> None:
    measured = Measurement(START, TIME, (run(math.nan),), ENVIRONMENT, "head")
    assert run_line(ResultFile(header("head"), {"head": (measured,)}), "head").rows == ()


@given(st.lists(st.tuples(st.floats(0, 1e10), st.floats(1e-9, 1e9)), max_size=KEPT, unique_by=lambda x: x[0]))
def test_a_history_reads_back_in_the_order_of_time(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[float, float]]
) -> None:
    path = tmp_path_factory.mktemp("history") / "main.history.jsonl"
    history = History()
    for created, median in runs:
        history = history.with_run(stored(created, median))
    write(path, history)
    assert read(path) == history
    assert history.medians(HERE).get((str(START), "time"), []) == [median for _, median in sorted(runs)]


def test_the_newest_fifty_are_kept_and_none_twice() -> None:
    history = History()
    for day in range(KEPT + 5):
        history = history.with_run(stored(float(day))).with_run(stored(float(day)))
    assert [line.created for line in history.runs] == [float(day) for day in range(5, KEPT + 5)]


def test_runs_on_other_hardware_tell_nothing_of_this_one() -> None:
    history = History().with_run(stored(1.0)).with_run(stored(2.0, 5.0, "another"))
    assert history.medians(HERE) == {(str(START), "time"): [1.0]}
    assert hardware_words(replace(ENVIRONMENT, cores=4)) != HERE


def test_no_file_is_an_empty_history(tmp_path: Path) -> None:
    assert read(tmp_path / "none.history.jsonl") == History()
    assert beside(tmp_path / "main.jsonl") == tmp_path / "main.history.jsonl"


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda _: b"", 1),
        (lambda _: b"\xff\x00", 1),
        (lambda data: data[:-30], 2),
        (lambda data: b"<<<<<<< HEAD\n" + data, 1),
        (lambda data: data + b"=======\n", 3),
        (lambda data: data.replace(b",1.0,", b',"x",'), 2),
        (lambda data: data.replace(b'"version":1', b'"version":-1'), 1),
        (lambda data: data.replace(b"perfbench-history", b"perfbench-results"), 1),
        (lambda data: data + b"[" * 100_000, 3),
    ],
    ids=["empty", "bytes", "cut off", "conflict", "joined", "type", "number", "format", "nested"],
)
def test_a_damaged_history_is_one_sentence_with_its_line(tmp_path: Path, damage: object, line: int) -> None:
    path = tmp_path / "main.history.jsonl"
    write(path, History().with_run(stored(1.0)))
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(PerfbenchError, match=rf"is damaged: line {line}: ") as caught:
        read(path)
    assert caught.value.exit_code == ExitCode.USAGE
    assert caught.value.remedy
