"""What a job keeps of what it measures, and where it puts its controls."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from perfbench.commands.job import Collected, interruptible, with_controls
from perfbench.environment import current
from perfbench.measure.discovery import CONTROL, Row
from perfbench.measure.one_round import Ended
from perfbench.model import BenchmarkId, Outcome, Run
from perfbench.results.reading import read_any
from perfbench.results.result_file import Header, SideHeader
from perfbench.results.writer import ResultWriter

ENVIRONMENT = current()
ROW = replace(CONTROL, benchmark=BenchmarkId("demo", "a.time_a"))


def rows(count: int) -> list[Row]:
    return [replace(ROW, benchmark=BenchmarkId("demo", f"a.time_{number}")) for number in range(count)]


@pytest.fixture
def writer(tmp_path: Path) -> ResultWriter:
    sides = {label: SideHeader(label, "", False, ENVIRONMENT) for label in ("base", "head")}
    return ResultWriter(tmp_path / "kept.jsonl", Header("check", 1.0, sides))


def collected(writer: ResultWriter) -> Collected:
    return Collected(
        writer, {"base": ENVIRONMENT, "head": ENVIRONMENT}, "head", writer.path.with_suffix(".log")
    )


@pytest.mark.parametrize(("count", "controls"), [(1, 1), (8, 1), (9, 2), (24, 3)])
def test_the_control_is_spread_over_a_round(count: int, controls: int) -> None:
    mixed = with_controls(rows(count))
    assert mixed[0] is CONTROL
    assert mixed.count(CONTROL) == controls
    assert [row for row in mixed if row is not CONTROL] == rows(count)


def test_each_control_of_a_round_is_a_round_of_its_own(writer: ResultWriter) -> None:
    kept = collected(writer)
    with writer:
        for _ in range(2):
            for label in ("base", "head"):
                kept.ran(CONTROL, label, Run((1.0,), 0, 100.0))
    base, head = (kept.measurement(CONTROL, label) for label in ("base", "head"))
    assert base is not None
    assert head is not None
    assert [run.round for run in base.runs] == [run.round for run in head.runs] == [0, 1]


def test_a_round_is_on_the_disk_as_soon_as_both_sides_have_it(writer: ResultWriter) -> None:
    kept = collected(writer)
    kept.ran(ROW, "base", Run((1.0,), 0, 100.0))
    kept.ran(ROW, "head", Run((2.0,), 0, 100.0))
    stored = read_any(writer.path)
    assert [found.runs[0].values for found in (*stored.side("base"), *stored.side("head"))] == [
        (1.0,),
        (2.0,),
    ]
    writer.__exit__(None, None, None)


def test_a_row_that_has_ended_has_no_measurement_and_its_traceback_is_kept(writer: ResultWriter) -> None:
    kept = collected(writer)
    with writer:
        kept.ran(ROW, "head", Run((2.0,), 0, 100.0))
        kept.ended(ROW, Ended(Outcome.FAILED, "it broke", ("head",), "Traceback: it broke"))
    assert kept.measurement(ROW, "head") is None
    assert "Traceback" in kept.log.read_text()
    assert read_any(writer.path).outcomes[0].reason == "it broke"


def test_ctrl_c_ends_the_block_and_is_remembered() -> None:
    with interruptible() as interrupted:
        signal.raise_signal(signal.SIGINT)
    assert interrupted == [True]
