"""Progress: a line that renews itself at a terminal, a few lines in a log, nothing when quiet."""

from __future__ import annotations

import contextlib
import os
import re

import pytest
from rich.console import Console

from perfbench.reports.progress import ERASE, Progress

from . import paper

ROW = "container.Lifecycle.time_start(docker:runc)"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_now_and_then() -> None:
    console, page = paper.no_terminal()
    clock = Clock()
    with Progress(console, clock=clock) as progress:
        progress.start(rows=3, rounds=10)
        for second in range(12):
            clock.now = float(second)
            progress.advance(ROW, 1 + second // 6, second, 12, 12.0 - second)
    assert page.text.splitlines() == [
        "measuring 3 rows in 10 rounds",
        "0%, container.Lifecycle.start (docker:runc), round 1 of 10, 12 s left",
        "42%, container.Lifecycle.start (docker:runc), round 1 of 10, 7 s left",
        "83%, container.Lifecycle.start (docker:runc), round 2 of 10, 2 s left",
    ]


def test_a_terminal_keeps_one_line_and_is_left_clean() -> None:
    console, page = paper.terminal()
    clock = Clock()
    with Progress(console, clock=clock) as progress:
        progress.start(rows=3, rounds=10)
        for second in range(3):
            clock.now = float(second)
            progress.advance(ROW, 1, second, 3, None)
    assert "\n" not in page.text
    assert page.text.count("round 1 of 10") == 3
    assert page.text.endswith(ERASE)


def test_the_cursor_is_never_hidden_so_that_a_killed_run_leaves_it_visible() -> None:
    console, page = paper.terminal()
    progress = Progress(console)
    progress.start(1, 1)
    progress.advance(ROW, 1, 0, 1, 3.0)
    assert "\x1b[?25l" not in page.text


@pytest.mark.parametrize("width", [20, 40, 80])
def test_the_line_never_wraps(width: int) -> None:
    console, page = paper.terminal(width)
    progress = Progress(console)
    progress.start(1, 10)
    progress.advance("a" * 50 + "日本語" * 50, 10, 5, 10, 3600.0)
    assert len(re.sub(r"\x1b\[[0-9;]*[mK]|\r", "", page.text)) < width


def test_a_long_name_keeps_both_its_ends() -> None:
    console, page = paper.terminal()
    progress = Progress(console)
    progress.advance("container.AtOnce.time_until_the_last_answers(docker:runsc, 16)", 1, 0, 10, 60.0)
    assert re.search(r"container\.\S*….*, 16\)", page.text)


def test_ctrl_c_takes_the_line_away() -> None:
    console, page = paper.terminal()

    def interrupted() -> None:
        with Progress(console) as progress:
            progress.advance(ROW, 1, 0, 10, None)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert page.text.endswith(ERASE)


def test_a_reader_that_goes_away_ends_no_measurement() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", buffering=1)
    with Progress(Console(file=stream)) as progress:
        progress.start(1, 1)
        progress.advance(ROW, 1, 0, 1, None)
        progress.note("a word")
    assert progress.quiet
    with contextlib.suppress(BrokenPipeError):
        stream.close()


def test_a_note_stays_above_the_line() -> None:
    console, page = paper.terminal()
    with Progress(console) as progress:
        progress.advance(ROW, 1, 0, 10, None)
        progress.note("the base was built anew")
    assert page.text.endswith(f"{ERASE}the base was built anew\n")


def test_quiet_is_silent() -> None:
    console, page = paper.no_terminal()
    with Progress(console, quiet=True) as progress:
        progress.start(1, 1)
        progress.advance(ROW, 1, 0, 1, None)
        progress.note("a word")
        progress.finish()
    assert page.text == ""


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    console, page = paper.terminal()
    with Progress(console) as progress:
        progress.start(2, 5)
        progress.advance(ROW, 1, 0, 10, None)
    assert page.text.count("\n") == 2
    assert "\x1b" not in page.text


def test_a_name_cannot_steer_the_terminal() -> None:
    console, page = paper.terminal()
    progress = Progress(console)
    progress.advance("a.time_\x1b]0;b\x07", 1, 0, 0, float("nan"))
    assert "\x1b]0;" not in page.text
    assert "\x07" not in page.text
