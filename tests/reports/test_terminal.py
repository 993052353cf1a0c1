"""The report at a terminal: its look (golden files), and what holds at any width, encoding and content."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from perfbench.model import Outcome, Report
from perfbench.reports import terminal
from perfbench.reports.sheets import PlainSheet

from . import paper, sample
from .golden import assert_golden


def shown(report: Report, width: int = 80, encoding: str = "utf-8") -> str:
    sheet, page = paper.log(width, encoding)
    terminal.render(report, sheet)
    return page.text


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_full_report_looks_as_it_did(width: int) -> None:
    assert_golden(f"full_{width}.txt", shown(sample.full_report(), width))


@pytest.mark.parametrize("width", [80, 120])
def test_a_run_of_head_alone_looks_as_it_did(width: int) -> None:
    assert_golden(f"head_only_{width}.txt", shown(sample.head_only_report(), width))


@pytest.mark.parametrize("width", [80, 120])
def test_a_comparison_with_a_baseline_looks_as_it_did(width: int) -> None:
    assert_golden(f"baseline_{width}.txt", shown(sample.baseline_report(), width))


def test_a_report_in_ascii_looks_as_it_did() -> None:
    assert_golden("full_ascii_80.txt", shown(sample.full_report(), encoding="ascii"))


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize(
    "report", [sample.full_report(), sample.head_only_report(), sample.baseline_report()]
)
def test_no_line_is_wider_than_the_page_or_ends_in_spaces(report: Report, width: int) -> None:
    lines = shown(report, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert lines == [line.rstrip() for line in lines]


def test_a_wide_page_has_a_line_for_each_row_with_its_reason() -> None:
    line = next(text for text in shown(sample.full_report(), 160).splitlines() if "Lifecycle.start" in text)
    assert line.startswith("✗ container.Lifecycle.start")
    assert line.endswith("limit 5 %, thresholds.toml:12")


def test_a_long_reason_is_wrapped_not_cut() -> None:
    text = " ".join(shown(sample.full_report()).split())
    assert "remove it from baselines/thresholds.toml or bring it back" in text


def test_the_verdict_comes_before_the_warnings_and_these_before_the_rows() -> None:
    text = shown(sample.full_report())
    places = [text.index(part) for part in ("3 regressed", "warning: the load", "✗ container", "exit 1")]
    assert places == sorted(places)


def test_the_last_lines_name_the_result_file_and_the_exit_code_in_words() -> None:
    assert shown(sample.full_report()).splitlines()[-2:] == [
        "results in .perfbench/runs/2025-10-09T08-53-20.jsonl",
        "exit 1: regressed, over budget, missing, 2 findings",
    ]


def test_a_log_has_no_control_characters_and_a_terminal_has_colour() -> None:
    sheet, page = paper.coloured()
    terminal.render(sample.full_report(), sheet)
    assert "\x1b" not in shown(sample.full_report())
    assert "\x1b[" in page.text


def test_colour_changes_nothing_but_colour() -> None:
    sheet, page = paper.coloured()
    terminal.render(sample.full_report(), sheet)
    without = re.sub(r"\x1b\[[0-9;]*m", "", page.text)
    assert [line.rstrip() for line in without.splitlines()] == shown(sample.full_report()).splitlines()


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    sheet, page = paper.coloured()
    terminal.render(sample.full_report(), sheet)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", page.text)


def test_a_name_cannot_steer_the_terminal_or_be_markup() -> None:
    nasty = sample.row(
        "evil.\x1b[2J\x9b31m[red]Class[/red].time_\u202ereversed\r\n:smile:", "run\x07c", n="\x1b]0;x\x07"
    )
    verdict = sample.told(Outcome.FAILED, nasty, "a\x1b[31mb [blink]c[/blink]\x00 \ud800", sides=("head",))
    sheet, page = paper.coloured()
    terminal.render(replace(sample.full_report(), verdicts=(verdict,), warnings=("\x1b[5m",)), sheet)
    left = re.sub(r"\x1b\[[0-9;]*m", "", page.text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800]", left)
    assert "[red]Class[/red]" in left
    assert "[blink]c[/blink]" in left
    assert ":smile:" in left


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_every_report_can_be_written_in_a_poor_encoding(encoding: str) -> None:
    text = shown(sample.full_report(), encoding=encoding)
    assert "X container.Lifecycle.start" in text
    assert "137 ms -> 189 ms" in text


def test_a_reader_that_went_away_is_the_commands_to_handle() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", buffering=1)
    with pytest.raises(BrokenPipeError):
        terminal.render(sample.full_report(), PlainSheet(stream, 80))
    with contextlib.suppress(BrokenPipeError):
        stream.close()


def test_an_empty_report_says_that_nothing_was_measured() -> None:
    text = shown(replace(sample.head_only_report(), verdicts=(), exit_code=3))
    assert "nothing was measured" in text.splitlines()[1]
    assert text.splitlines()[-1] == "exit 3: nothing was measured"


def test_a_run_whose_rows_all_passed_fits_a_screen() -> None:
    phases = [
        f"container.Lifecycle.time_{phase}" for phase in ("create", "start", "answer", "stop", "remove")
    ]
    runtimes = ["process", "bubblewrap", "runc", "docker:runc", "docker:runsc"]
    rows = [sample.compared(sample.row(name, runtime), 0.1, 0.1) for name in phases for runtime in runtimes]
    verdicts = tuple(sample.judged(Outcome.PASSED, row) for row in rows)
    report = replace(sample.full_report(), verdicts=verdicts, exit_code=0, warnings=(), explanations=())
    assert len(shown(report).splitlines()) <= 24
