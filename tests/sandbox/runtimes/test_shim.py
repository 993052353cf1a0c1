"""The parent of what OCI runtimes leave orphaned."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from perfbench.sandbox.runtimes import shim
from perfbench.sandbox.runtimes.ownership import start_time

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has subreapers")


@pytest.fixture
def null() -> Iterator[int]:
    descriptor = os.open(os.devnull, os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def orphan(null: int, tmp_path: Path) -> int:
    note = tmp_path / "pid"
    shim.run(
        ["sh", "-c", 'sleep 1000 & echo $! > "$1"', "sh", str(note)], stdin=null, output=null, timeout=30
    )
    return int(note.read_text())


def test_input_output_and_exit_code_are_those_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("text")
    with (tmp_path / "in").open() as stdin, (tmp_path / "out").open("w") as output:
        code = shim.run(["sh", "-c", "cat; exit 3"], stdin=stdin.fileno(), output=output.fileno(), timeout=30)
    assert (code, (tmp_path / "out").read_text()) == (3, "text")


def test_death_by_a_signal_reads_as_a_shell_has_it(null: int) -> None:
    assert shim.run(["sh", "-c", "kill -9 $$"], stdin=null, output=null, timeout=30) == 137


def test_a_command_that_is_not_there_is_an_oserror(null: int) -> None:
    with pytest.raises(FileNotFoundError):
        shim.run(["/no/such/program"], stdin=null, output=null, timeout=30)


def test_an_orphan_is_adopted_and_leaves_no_zombie(null: int, tmp_path: Path) -> None:
    pid = orphan(null, tmp_path)
    assert parent_of(pid) not in (1, os.getpid())
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not Path(f"/proc/{pid}").exists()


def test_a_command_that_takes_too_long_is_killed(null: int, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(TimeoutError):
        shim.run(
            ["sh", "-c", 'echo $$ > "$1"; exec sleep 1000', "sh", str(note)],
            stdin=null,
            output=null,
            timeout=0.5,
        )
    pid = int(note.read_text())
    deadline = time.monotonic() + 10
    while start_time(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.001)
    assert start_time(pid) is None


def test_many_commands_run_at_once_and_get_their_own_codes(null: int) -> None:
    def code(number: int) -> int:
        return shim.run(["sh", "-c", f"sleep 0.1; exit {number}"], stdin=null, output=null, timeout=30)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(code, range(16))) == list(range(16))


def test_a_shim_that_was_killed_is_replaced(null: int, tmp_path: Path) -> None:
    pid = orphan(null, tmp_path)
    first = parent_of(pid)
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    os.kill(pid, signal.SIGKILL)
    assert shim.run(["true"], stdin=null, output=null, timeout=30) == 0


def test_it_ends_with_its_owner(tmp_path: Path) -> None:
    code = (
        "import os; from perfbench.sandbox.runtimes import shim; "
        "null = os.open(os.devnull, os.O_RDWR); "
        "shim.run(['sh', '-c', 'echo $PPID'], stdin=null, output=1, timeout=30); "
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    pid = int(done.stdout)
    deadline = time.monotonic() + 10
    while start_time(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert start_time(pid) is None
