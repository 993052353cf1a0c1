"""The folder for the files that benchmarks copy."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks import _workspace
from perfbench.sandbox.runtimes.ownership import Owner
from tests.benchmarks.rows import ROOT

MAKE = "from benchmarks._workspace import file_of; print(file_of(2_000_000).stat().st_size)"


def folders(parent: Path) -> list[Path]:
    return list(parent.glob(f"{_workspace.PREFIX}*"))


def run_in(parent: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {"TMPDIR": str(parent), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )


def test_it_goes_with_its_process(tmp_path: Path) -> None:
    assert run_in(tmp_path, MAKE).stdout == "2000000\n"
    assert folders(tmp_path) == []


def test_the_next_process_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    run_in(tmp_path, MAKE + "; import os; os.kill(os.getpid(), 9)")
    assert len(folders(tmp_path)) == 1
    run_in(tmp_path, MAKE)
    assert folders(tmp_path) == []


def test_a_living_process_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine = _workspace.workspace.__wrapped__()
    run_in(tmp_path, MAKE)
    assert folders(tmp_path) == [mine]
    assert Owner.parse(mine.name.removeprefix(_workspace.PREFIX).replace("+", "/")) == Owner.current()


def test_a_file_is_written_block_by_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_workspace, "workspace", lambda: tmp_path)
    status = _workspace.file_of.__wrapped__(3_000_000).stat()
    assert status.st_size == 3_000_000
    assert status.st_blocks * 512 >= 3_000_000
