"""The service that benchmarks start for themselves: one a process, and none that outlives it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import _reference
from perfbench.sandbox.runtimes.ownership import start_time
from tests.benchmarks.rows import ROOT

for library in ("starlette", "uvicorn", "httptools"):
    pytest.importorskip(library, reason=f"{library} is not installed")

SCRIPT = """
import os, sys
from benchmarks import _reference
print(_reference.url() == _reference.url(), _reference._kept[os.getpid()]._process.pid, flush=True)
"""

SKIP = """
from benchmarks import _reference
try:
    _reference.url()
except NotImplementedError as error:
    print(error)
"""


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    _reference.release()  # what tests of other files have kept
    yield
    _reference.release()


def started(script: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while start_time(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert start_time(pid) is None


def test_it_goes_with_the_process_that_asked_for_it() -> None:
    process = started(SCRIPT, SANDBOX_TOKEN="of another service")  # noqa: S106
    said, _ = process.communicate(timeout=60)
    same, pid = said.split()
    assert (same, process.returncode) == ("True", 0)
    assert start_time(int(pid)) is None


def test_it_goes_when_that_process_is_killed() -> None:
    process = started(SCRIPT + "sys.stdin.read()")
    assert process.stdout is not None
    pid = int(process.stdout.readline().split()[1])
    process.kill()
    process.communicate()
    until_gone(pid)


def test_one_that_has_died_is_started_again() -> None:
    first = _reference.url()
    kept = _reference._kept[os.getpid()]
    kept._process.kill()
    kept._process.wait()
    assert _reference.url() != first


def test_where_a_library_is_missing_the_rows_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "starlette.py").write_text("raise ImportError")
    process = started(SKIP, PYTHONPATH=os.pathsep.join([str(ROOT), str(tmp_path)]))
    said, _ = process.communicate(timeout=60)
    assert said == "Starlette is not installed; pip install 'perfbench-gate[service]'\n"


def test_where_there_is_no_service_yet_the_rows_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reference, "SERVICE", "perfbench.sandbox.not_there")
    with pytest.raises(NotImplementedError, match=r"No module named perfbench\.sandbox\.not_there"):
        _reference.url()


def test_one_that_speaks_nonsense_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reference, "SERVICE", "this")
    with pytest.raises(RuntimeError, match=r"this said .*Zen.* and not where it listens"):
        _reference.url()
