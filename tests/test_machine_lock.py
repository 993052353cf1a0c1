"""One run at a time on one machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from perfbench.errors import PerfbenchError
from perfbench.machine_lock import VARIABLE, Holder, lock_path, machine_lock

ROOT = Path(__file__).parents[1]

_HOLD = """
import sys, time
from pathlib import Path
from perfbench.machine_lock import machine_lock
with machine_lock(Path(sys.argv[1]), waiting=lambda holder: print("waits for", holder, flush=True)):
    print("holds", flush=True)
    sys.stdin.read()
print("let go", flush=True)
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that takes the lock and keeps it until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        with process:  # closes its pipes and waits
            pass


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_second_run_says_for_whom_it_waits_and_goes_on_when_that_one_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as first:
        assert said(first) == "holds"
        with holder(path) as second:
            words = said(second)
            assert re.fullmatch(rf"waits for another run \(pid {first.pid}, since \d\d:\d\d:\d\d\)", words)
            assert first.stdin is not None
            first.stdin.close()
            assert said(second) == "holds"


def test_a_killed_run_lets_go(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as first:
        assert said(first) == "holds"
        first.kill()
        first.wait()
        seen: list[Holder] = []
        with machine_lock(tmp_path / "lock", waiting=seen.append):
            assert seen == []


def test_a_wait_ends_on_ctrl_c(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as first:
        assert said(first) == "holds"
        with holder(tmp_path / "lock") as second:
            assert "waits" in said(second)
            second.send_signal(signal.SIGINT)
            _, errors = second.communicate()
    assert "KeyboardInterrupt" in errors
    assert second.returncode != 0


def test_a_run_inside_a_run_does_not_wait_for_itself(tmp_path: Path) -> None:
    seen: list[Holder] = []
    with machine_lock(tmp_path / "lock"):
        with machine_lock(tmp_path / "lock", waiting=seen.append):
            pass
        with holder(tmp_path / "lock") as child:
            assert said(child) == "holds"
        with holder(tmp_path / "lock") as child:  # still held here, after the inner ones let go
            assert said(child) == "holds"
    assert seen == []


def test_a_program_that_was_started_does_not_inherit_the_lock(tmp_path: Path) -> None:
    with machine_lock(tmp_path / "lock"):
        left = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        seen: list[Holder] = []
        with machine_lock(tmp_path / "lock", waiting=seen.append):
            assert seen == []
    finally:
        left.kill()
        left.wait()


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(PerfbenchError, match="cannot use the lock file"), machine_lock(tmp_path / "lock"):
        pass
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_pipe_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(PerfbenchError, match="not this user's file"), machine_lock(tmp_path / "lock"):
        pass


def test_the_lock_is_the_same_whatever_the_temporary_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not os.access("/tmp", os.W_OK):
        pytest.skip("/tmp cannot be written to here")
    monkeypatch.delenv(VARIABLE, raising=False)
    before = lock_path()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert lock_path() == before
    assert str(os.getuid()) in before.name


def test_a_lock_file_with_any_content_can_be_waited_for(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as first:
        assert said(first) == "holds"
        (tmp_path / "lock").write_bytes(b"\xff nonsense")
        with holder(tmp_path / "lock") as second:
            assert said(second) == "waits for another run"


def test_another_lock_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "lock"))
    assert lock_path() == tmp_path / "lock"
    with machine_lock():
        assert (tmp_path / "lock").read_text().startswith(f"{os.getpid()} ")
