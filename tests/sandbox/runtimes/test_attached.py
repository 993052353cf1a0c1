"""One program on the host, run to its end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes.attached import run
from perfbench.sandbox.runtimes.ownership import start_time


def test_input_goes_in_and_output_and_code_come_out() -> None:
    result = run(["sh", "-c", "cat; echo error >&2; exit 3"], stdin=b"text")
    assert (result.exit_code, result.stdout, result.stderr) == (3, b"text", b"error\n")


def test_death_by_a_signal_reads_as_a_shell_has_it() -> None:
    assert run(["sh", "-c", "kill -15 $$"]).exit_code == 143


def test_a_program_that_reads_nothing_does_not_break_the_pipe() -> None:
    assert run(["true"], stdin=bytes(1 << 20)).exit_code == 0


def test_a_program_that_is_not_there_is_an_oserror() -> None:
    with pytest.raises(FileNotFoundError):
        run(["/no/such/program"])


def test_a_timeout_takes_all_descendants_with_it(tmp_path: Path) -> None:
    script = "sleep 1000 & echo $! > $1; sh -c 'echo $$ > $1; sleep 1000; :' sh $2"
    notes = [tmp_path / "child", tmp_path / "grandchild"]
    with pytest.raises(SandboxError, match=r"did not end within 0\.5 s"):
        run(["sh", "-c", script, "sh", *map(str, notes)], timeout=0.5)
    pids = [int(note.read_text()) for note in notes]
    deadline = time.monotonic() + 10
    while any(start_time(pid) is not None for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [start_time(pid) for pid in pids] == [None, None]
