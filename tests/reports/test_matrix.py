"""Runtime × phase: which rows, which columns, which cells."""

from __future__ import annotations

from dataclasses import replace

from perfbench.model import Outcome, Report, Verdict
from perfbench.reports.matrix import Cell, Matrix, matrices, without_target

from . import sample


def report(*verdicts: Verdict, noise_floor: float | None = 0.01) -> Report:
    return replace(sample.full_report(), verdicts=verdicts, noise_floor=noise_floor)


def judged(outcome: Outcome, name: str, runtime: str, base: float = 0.1, head: float = 0.1) -> Verdict:
    return sample.judged(outcome, sample.compared(sample.row(name, runtime), base, head, 0.005))


def cell(verdict: Verdict, noise_floor: float | None = 0.01) -> Cell:
    (table,) = matrices(report(verdict, noise_floor=noise_floor))
    return table.lines[0][1][0]


def test_phases_are_lines_and_runtimes_are_columns_in_the_reports_order() -> None:
    rows = [
        judged(Outcome.PASSED, f"a.A.time_{phase}", runtime)
        for runtime in ("runc", "process")
        for phase in "xy"
    ]
    ms = Cell("100 ms")
    assert matrices(report(*rows)) == [Matrix("a.A", ("process", "runc"), (("x", (ms, ms)), ("y", (ms, ms))))]


def test_each_class_has_a_table() -> None:
    rows = [judged(Outcome.PASSED, f"a.{group}.time_x", "runc") for group in "AB"]
    assert [table.group for table in matrices(report(*rows))] == ["a.A", "a.B"]


def test_a_change_is_shown_where_it_is_beyond_the_noise_and_its_interval() -> None:
    assert cell(judged(Outcome.PASSED, "a.A.time_x", "runc", 0.1, 0.103)).change == "+3 %"
    assert cell(judged(Outcome.PASSED, "a.A.time_x", "runc", 0.1, 0.1008)).change == ""
    assert cell(judged(Outcome.PASSED, "a.A.time_x", "runc", 0.1, 0.1002), noise_floor=None).change == ""


def test_a_row_that_did_not_pass_keeps_its_place_with_its_mark() -> None:
    rows = [
        judged(Outcome.PASSED, "a.A.time_x", "process"),
        judged(Outcome.REGRESSED, "a.A.time_x", "runc", 0.1, 0.2),
        sample.told(Outcome.SKIPPED, sample.row("a.A.time_y", "runc"), "no"),
        judged(Outcome.PASSED, "a.A.time_y", "process"),
    ]
    (table,) = matrices(report(*rows))
    assert table.lines[0][1] == (Cell("100 ms"), Cell("200 ms", mark="✗"))
    assert table.lines[1][1] == (Cell("100 ms"), Cell(mark="–"))


def test_a_runtime_that_was_skipped_throughout_has_no_column() -> None:
    skip = sample.told(Outcome.SKIPPED, sample.row("a.A.time_x", "podman"), "not installed")
    (table,) = matrices(report(judged(Outcome.PASSED, "a.A.time_x", "runc"), skip))
    assert table.targets == ("runc",)


def test_a_class_in_which_nothing_passed_has_no_table() -> None:
    assert matrices(report(judged(Outcome.REGRESSED, "a.A.time_x", "runc", 0.1, 0.2))) == []


def test_rows_without_a_runtime_make_a_list_of_their_own() -> None:
    row = judged(Outcome.PASSED, "a.A.time_x", "")
    assert matrices(report(row)) == []
    assert without_target(report(row)) == [("a.A.x", Cell("100 ms"))]


def test_a_run_of_head_alone_shows_its_medians() -> None:
    verdict = Verdict(sample.row("a.A.time_x", "runc"), sample.TIME, Outcome.PASSED, "", "", value=0.25)
    assert cell(verdict) == Cell("250 ms")
