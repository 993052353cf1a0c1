from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perfbench.measure.asv_process import run_asv
from tests.commands.command_line import ROOT
from tests.measure.test_program import wait_until_gone

CHILD = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], preexec_fn=os.setpgrp)
print(child.pid, flush=True)
"""
"""Starts a program in a process group of its own, as asv starts each of its."""


def run(code: str, folder: Path, heard: list[str]) -> tuple[int, list[str]]:
    return run_asv((sys.executable, "-c", code), cwd=folder, environment=os.environ, say=heard.append)


def test_what_it_says_is_heard_line_by_line_with_its_exit_code(tmp_path: Path) -> None:
    heard: list[str] = []
    code, last = run("import sys; print('one'); sys.stdout.flush(); sys.exit('two')", tmp_path, heard)
    assert code == 1
    assert heard == last == ["one", "two"]


def test_only_the_last_lines_are_kept_and_a_line_without_an_end_is_cut(tmp_path: Path) -> None:
    _, last = run("print('x' * 5_000_000)", tmp_path, [])
    assert len(last) <= 50
    assert all(len(line) <= 2000 for line in last)


def test_what_it_leaves_running_in_a_group_of_its_own_ends_with_it(tmp_path: Path) -> None:
    heard: list[str] = []
    code, _ = run(CHILD + "os.close(1); os._exit(0)", tmp_path, heard)
    assert code == 0
    assert wait_until_gone(int(heard[0]))


def test_an_interruption_ends_it_and_what_it_has_started(tmp_path: Path) -> None:
    heard: list[str] = []

    def interrupt(line: str) -> None:
        if not heard:  # what it says of the interruption is no reason for another one
            os.kill(os.getpid(), signal.SIGINT)
        heard.append(line)

    with pytest.raises(KeyboardInterrupt):
        run_asv(
            (sys.executable, "-c", CHILD + "child.wait()"),
            cwd=tmp_path,
            environment=os.environ,
            say=interrupt,
        )
    assert wait_until_gone(int(heard[0]))


IMPATIENT = """
import os, signal, sys
from pathlib import Path
from perfbench.measure.asv_process import run_asv

def interrupt(line):
    print(line, flush=True)
    os.kill(os.getpid(), signal.SIGINT)

run_asv((sys.executable, "-u", "-c", sys.argv[1]), cwd=Path.cwd(), environment=os.environ, say=interrupt)
"""

TALKATIVE = """
import signal
signal.signal(signal.SIGINT, lambda *_: None)
while True:
    print("still here")
"""


def test_however_often_it_is_interrupted_nothing_lives_on(tmp_path: Path) -> None:
    """In a process of its own: the interruptions go on while it unwinds."""
    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT, CHILD + TALKATIVE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    child, *more = done.stdout.split("\n")
    assert "still here" in more
    assert done.returncode == -signal.SIGINT
    assert wait_until_gone(int(child))
