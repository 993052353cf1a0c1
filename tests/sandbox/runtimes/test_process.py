"""The driver `process`: commands are kept together, in a directory of their own, and nothing is promised beyond."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes.ownership import start_time
from perfbench.sandbox.runtimes.process import ProcessRuntime
from perfbench.sandbox.runtimes.runtime import Limits


@pytest.mark.parametrize(
    "limits", [Limits(memory=1 << 30), Limits(cpus=1.0), Limits(pids=100), Limits(network=False)], ids=str
)
def test_it_holds_no_limit_and_says_so(limits: Limits) -> None:
    with pytest.raises(LimitNotEnforceableError):
        ProcessRuntime().create(limits=limits)


def test_it_has_the_network_of_the_host_for_the_asking() -> None:
    with ProcessRuntime().create(limits=Limits(network=True)) as sandbox:
        sandbox.start()
        assert sandbox.exec(["true"]).exit_code == 0


def test_it_has_no_cold_start() -> None:
    with pytest.raises(RuntimeUnavailableError, match="no images"):
        ProcessRuntime().create_cold()


def test_it_makes_no_cgroup() -> None:
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
        assert sandbox.cgroup is None


def test_a_command_sees_nothing_of_the_callers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "x")
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
        names = {line.split("=")[0] for line in sandbox.exec(["env"]).stdout.decode().splitlines()}
    assert {"PATH", "HOME", "LANG", "SANDBOX"} <= names
    assert "A_SECRET" not in names


def test_tmp_is_private_to_its_user() -> None:
    with ProcessRuntime().create() as sandbox:
        assert sandbox.tmp.stat().st_mode & 0o077 == 0
        assert sandbox.directory.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("way", ["setsid", "env -i", "env -i setsid", "nohup"])
@pytest.mark.skipif(sys.platform != "linux", reason="setsid is a Linux program")
def test_no_grandchild_outlives_a_stop_however_it_was_started(way: str) -> None:
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
        script = f"{way} sh -c 'echo $$ > pid; exec sleep 1000' >/dev/null 2>&1 &"
        sandbox.exec(["sh", "-c", script])
        note = sandbox.tmp / "pid"
        while not note.exists() or not note.read_text().strip():
            time.sleep(0.01)
        pid = int(note.read_text())
        assert start_time(pid) is not None
        sandbox.stop()
        assert start_time(pid) is None


def test_a_sandbox_whose_first_process_died_says_so() -> None:
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
        pid = sandbox.pid
        os.kill(pid, signal.SIGKILL)
        while start_time(pid) is not None:
            time.sleep(0.01)
        with pytest.raises(SandboxError, match="died"):
            sandbox.exec(["true"])
        with pytest.raises(SandboxError, match="died"):
            _ = sandbox.pid


def test_a_sandbox_starts_once() -> None:
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
        with pytest.raises(SandboxError, match="cannot be started"):
            sandbox.start()


def test_a_directory_without_permissions_does_not_hinder_removal() -> None:
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
        sandbox.exec(["sh", "-c", "mkdir -p a/b && touch a/b/c && chmod 0 a/b a"])
        directory = sandbox.directory
    assert not directory.exists()


def test_a_file_beyond_tmp_is_not_copied(tmp_path: Path) -> None:
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
        for path in ("/etc/hostname", "/tmp/../etc/hostname", "tmp/x", "/tmp"):
            with pytest.raises(SandboxError, match="beneath /tmp"):
                sandbox.copy_out(path, tmp_path / "x")
