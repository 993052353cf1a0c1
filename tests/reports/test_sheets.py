"""What reports are written on: colour for a terminal alone, and a pipe that does not wait for rich."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from perfbench.reports.sheets import Sheet, sheet

from . import paper

UNCOLOURED = """
import sys
from perfbench.reports import terminal
from perfbench.reports.sheets import sheet
from tests.reports import sample
terminal.render(sample.baseline_report(), sheet(sys.stdout))
assert "rich" not in sys.modules
"""


def test_a_stream_that_is_no_terminal_gets_no_colour() -> None:
    stream = paper.Paper()
    sheet(stream).write([("red", "bold red"), ("   ", "")])
    assert stream.text == "red\n"


def test_colour_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = paper.Paper()
    sheet(stream).write([("red", "bold red")])
    assert stream.text == "\x1b[1;31mred\x1b[0m\n"


def test_a_pipe_does_not_wait_for_rich() -> None:
    done = subprocess.run([sys.executable, "-c", UNCOLOURED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_columns_set_the_width_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "123")
    assert sheet(paper.Paper()).width == 123


@pytest.mark.parametrize("columns", ["", "0", "wide", "-1", "²"])
def test_columns_that_say_nothing_are_ignored(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert sheet(paper.Paper()).width > 0


@pytest.mark.parametrize("make", [paper.log, paper.coloured])
def test_text_is_no_markup_on_any_sheet(make: Callable[[], tuple[Sheet, paper.Paper]]) -> None:
    written, stream = make()
    written.write([("[red]:smile:[/red]", "")])
    assert stream.text == "[red]:smile:[/red]\n"
