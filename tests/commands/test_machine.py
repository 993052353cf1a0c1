"""What a job finds out about the machine around it."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from perfbench.commands.machine import engine_words, python_of, vanished
from perfbench.model import RuntimeStatus

HERE = RuntimeStatus("docker:runc", True, "20.10.24")
GONE = RuntimeStatus("docker:runc", False, reason="no Docker engine runs here", remedy="start Docker")
NEVER = RuntimeStatus("podman", False, reason="not installed")
PROCESS = RuntimeStatus("process", True, "Linux 6.1")


def test_a_runtime_that_stopped_during_the_job_is_told_from_one_that_never_ran() -> None:
    after = {status.name: status for status in (GONE, NEVER, PROCESS)}
    assert vanished([HERE, NEVER, PROCESS], after) == [GONE]


def test_what_ran_the_sandboxes_is_named_with_its_version() -> None:
    assert engine_words([PROCESS, HERE, NEVER]) == "docker:runc 20.10.24"


def test_a_sides_python_says_what_it_is() -> None:
    assert python_of(Path(sys.executable)) == f"CPython {platform.python_version()}"


def test_a_python_that_cannot_be_run_says_nothing(tmp_path: Path) -> None:
    assert python_of(tmp_path / "python") == ""
