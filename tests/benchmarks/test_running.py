"""What the benchmarks run on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import _running
from perfbench.errors import SandboxError
from tests import fake_runtime
from tests.benchmarks.rows import ROOT
from tests.fake_runtime import FakeRuntime

Fake = Callable[[str], FakeRuntime]

KEEP_ONE = """
import atexit
from tests.fake_runtime import runtime
atexit.register(lambda: print(len(runtime("runc").alive)))
from benchmarks._running import running
running("runc")
print(len(runtime("runc").alive))
"""


def test_a_runtime_is_swept_once_when_it_is_first_used(fake: Fake) -> None:
    assert _running.usable("runc") is _running.usable("runc") is fake("runc")
    assert fake("runc").calls == ["sweep"]


def test_an_absent_runtime_says_why_and_what_to_do(fake: Fake) -> None:
    with pytest.raises(NotImplementedError, match=r"^podman is not installed; apt-get install podman$"):
        _running.usable("podman")


def test_a_running_sandbox_is_kept_until_it_is_released(fake: Fake) -> None:
    assert _running.running("runc") is _running.running("runc")
    _running.release()
    assert fake("runc").alive == []
    assert _running.running("runc").id == fake("runc").alive[0].id


def test_a_sandbox_that_does_not_start_is_released_too(fake: Fake) -> None:
    fake("runc").failing.add("start")
    with pytest.raises(SandboxError):
        _running.running("runc")
    _running.release()
    assert fake("runc").alive == []


def test_what_a_process_keeps_goes_when_it_ends() -> None:
    environment = {"PERFBENCH_SUT_RUNTIMES": fake_runtime.FACTORY, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", KEEP_ONE], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "0"]


def test_there_is_no_sandbox_under_the_clock_before_one_is_created() -> None:
    with pytest.raises(RuntimeError, match="no sandbox has been created"):
        _ = _running.Subject().sandbox


def test_a_command_on_the_host_runs_in_its_folder(tmp_path: Path) -> None:
    assert _running.on_host(["pwd", "-P"], tmp_path).stdout.decode().strip() == str(tmp_path.resolve())
