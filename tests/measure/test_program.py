from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perfbench.measure import program
from perfbench.measure.program import CUT, KEPT, ProgramFailedError, ProgramMissingError, run_program

PATH = os.environ.get("PATH", os.defpath)
ROOT = Path(__file__).parents[2]


def run(code: str, folder: Path, *, timeout: float = 60.0, captured: Path | None = None) -> str:
    """What a Python program says."""
    argv = (sys.executable, "-c", code)
    return run_program(argv, cwd=folder, environment={"PATH": PATH}, timeout=timeout, captured=captured)


def lives(process: int) -> bool:
    """Whether it still runs; a zombie that nobody has waited for yet does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_gone(process: int) -> bool:
    deadline = time.monotonic() + 30
    while lives(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not lives(process)


def test_what_a_program_says_comes_back_from_both_streams(tmp_path: Path) -> None:
    said = run("import sys; print('out', flush=True); print('err', file=sys.stderr)", tmp_path)
    assert said == "out\nerr\n"


def test_captured_output_goes_to_the_file_and_complaints_do_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = run("import sys; print('result'); print('note', file=sys.stderr)", tmp_path, captured=out)
    assert (out.read_text(), said) == ("result\n", "note\n")


def test_output_is_kept_from_its_beginning_and_its_end(tmp_path: Path) -> None:
    said = run("print('first'); print('x' * 10_000_000); print('last')", tmp_path)
    assert said.startswith("first")
    assert said.endswith("last\n")
    assert CUT.decode() in said
    assert len(said) <= 2 * KEPT + len(CUT)


def test_captured_output_without_an_end_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "MOST_CAPTURED", 1024**2)
    out = tmp_path / "out"
    with pytest.raises(ProgramFailedError, match="printed more than 1 MiB"):
        run("while True: print('x' * 1000)", tmp_path, captured=out)
    assert out.stat().st_size <= 1024**2


def test_an_exit_code_is_a_failure_with_the_last_line_said(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailedError, match="ended with exit code 3: no luck") as failed:
        run("print('begin'); print('no luck'); raise SystemExit(3)", tmp_path)
    assert failed.value.said == "begin\nno luck\n"


def test_a_signal_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailedError, match="was killed by SIGTERM"):
        run("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", tmp_path)


def test_a_pipe_that_breaks_ends_a_program_as_it_does_elsewhere(tmp_path: Path) -> None:
    code = "import signal; print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    assert run(code, tmp_path) == "True\n"
    assert (
        run_program(("sh", "-c", "yes | head -1"), cwd=tmp_path, environment={"PATH": PATH}, timeout=60)
        == "y\n"
    )


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_timeout_ends_the_program_and_what_it_has_started(tmp_path: Path) -> None:
    child = "import subprocess, sys, time; p = subprocess.Popen(['sleep', '600'])"
    with pytest.raises(ProgramFailedError, match="ran past its timeout of 1 s and was killed") as failed:
        run(f"{child}; print(p.pid, flush=True); time.sleep(600)", tmp_path, timeout=1.0)
    assert wait_until_gone(int(failed.value.said))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_what_a_program_leaves_running_ends_with_it(tmp_path: Path) -> None:
    said = run("import subprocess; print(subprocess.Popen(['sleep', '600']).pid)", tmp_path)
    assert wait_until_gone(int(said))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_program_and_what_it_started_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from perfbench.measure.program import run_program; "
        "run_program(('sh', '-c', 'sleep 600 & echo $$ $! > new; mv new pids; wait'), cwd=Path.cwd(), "
        "environment=os.environ, timeout=600)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment) as parent:
        deadline = time.monotonic() + 60
        while not (tmp_path / "pids").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        processes = [int(process) for process in (tmp_path / "pids").read_text().split()]
        parent.kill()
    assert all(map(wait_until_gone, processes))


@pytest.mark.parametrize("name", ["no-such-program", "./no-such-program"])
def test_a_program_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProgramMissingError, match=f"{name}: command not found"):
        run_program((name,), cwd=tmp_path, environment={"PATH": PATH}, timeout=5)


def test_a_program_in_the_folder_is_found_by_its_path(tmp_path: Path) -> None:
    script = tmp_path / "bench.sh"
    script.write_text("#!/bin/sh\npwd\n")
    script.chmod(0o755)
    said = run_program(("./bench.sh",), cwd=tmp_path, environment={"PATH": PATH}, timeout=60)
    assert Path(said.strip()).resolve() == tmp_path.resolve()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramMissingError, match="there is no folder"):
        run("", tmp_path / "nowhere")
