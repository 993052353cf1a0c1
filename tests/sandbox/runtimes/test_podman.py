"""The driver `podman` against the real one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import podman
from perfbench.sandbox.runtimes.ownership import LABEL, Owner, start_time
from perfbench.sandbox.runtimes.podman import PodmanRuntime, PodmanSandbox
from perfbench.sandbox.runtimes.runtime import Limits

MIB = 1 << 20

OWNER = """
import sys, time
from perfbench.sandbox.runtimes.ownership import Owner
from perfbench.sandbox.runtimes.podman import PodmanRuntime

print(Owner.current(), flush=True)
exec(sys.argv[1])
"""


@pytest.fixture
def kind() -> PodmanRuntime:
    found = PodmanRuntime().availability()
    if not found.available:
        pytest.skip(found.reason)
    return PodmanRuntime()


@pytest.fixture
def sandbox(kind: PodmanRuntime) -> Iterator[PodmanSandbox]:
    with kind.create() as made:
        made.start()
        yield made


def ask(*arguments: str) -> Any:
    """What podman itself says, as JSON."""
    argv = [*podman._podman(), *arguments, "--format=json"]
    return json.loads(subprocess.run(argv, capture_output=True, timeout=60, check=True).stdout or "[]") or []


def left_by(owner: str) -> int:
    """How many containers and images carry this label."""
    mine = f"--filter=label={LABEL}={owner}"
    return len(ask("ps", "--all", mine)) + len(ask("images", mine))


def owner_that(does: str) -> tuple[subprocess.Popen[str], str]:
    """Another process that does this, and the label on what it starts."""
    argv = [sys.executable, "-c", OWNER, does]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_container_carries_its_owner_and_as_little_privilege_as_can_be(sandbox: PodmanSandbox) -> None:
    (found,) = ask("inspect", sandbox.id)
    assert Owner.parse(found["Config"]["Labels"][LABEL]) == Owner.current()
    assert found["HostConfig"]["NetworkMode"] == "none"
    assert found["EffectiveCaps"] in (None, [])
    assert "no-new-privileges" in found["HostConfig"]["SecurityOpt"]


def test_a_container_has_no_network_but_its_own_loopback(sandbox: PodmanSandbox) -> None:
    devices = sandbox.exec(["cat", "/proc/net/dev"]).stdout.decode().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


def test_a_timeout_kills_the_command_with_its_children_and_nothing_else(sandbox: PodmanSandbox) -> None:
    sandbox.exec(["sh", "-c", "sleep 1001 >/dev/null 2>&1 &"])
    with pytest.raises(SandboxError, match=r"`sh` did not end within 0\.5 s and was killed"):
        sandbox.exec(["sh", "-c", "sleep 1002 & sleep 1003; true"], timeout=0.5)
    left = sandbox.exec(["ps"]).stdout
    assert b"sleep 1001" in left
    assert b"sleep 1002" not in left
    assert b"sleep 1003" not in left


@pytest.mark.parametrize("code", [125, 255])
def test_a_command_s_own_code_is_told_from_a_failure_of_podman(sandbox: PodmanSandbox, code: int) -> None:
    result = sandbox.exec(["sh", "-c", f"echo 'Error: mine' >&2; exit {code}"])
    assert (result.exit_code, result.stderr) == (code, b"Error: mine\n")
    sandbox.stop()
    with pytest.raises(SandboxError, match="podman failed to run a command"):
        sandbox.exec(["true"])


@pytest.mark.parametrize("name", ["plain", "two words", "-dash", "a:b"])
def test_ten_mebibytes_go_in_and_come_out(sandbox: PodmanSandbox, tmp_path: Path, name: str) -> None:
    data = os.urandom(10 * MIB)
    (tmp_path / "source file").write_bytes(data)
    sandbox.copy_in(tmp_path / "source file", f"/tmp/{name}")
    sandbox.copy_out(f"/tmp/{name}", tmp_path / "target file")
    assert (tmp_path / "target file").read_bytes() == data


def test_a_directory_does_not_come_out(sandbox: PodmanSandbox, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="/etc in the sandbox is not a regular file"):
        sandbox.copy_out("/etc", tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_what_is_missing_is_named(sandbox: PodmanSandbox, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="podman failed to copy /tmp/nothing"):
        sandbox.copy_out("/tmp/nothing", tmp_path / "target")


def test_a_file_does_not_replace_a_directory(sandbox: PodmanSandbox, tmp_path: Path) -> None:
    (tmp_path / "source").write_text("text")
    sandbox.exec(["sh", "-c", "mkdir folder; touch folder/file"])
    with pytest.raises(SandboxError, match="podman failed to copy"):
        sandbox.copy_in(tmp_path / "source", "/tmp/folder")
    assert sandbox.exec(["ls", "folder"]).stdout == b"file\n"


@pytest.mark.parametrize("limits", [Limits(memory=0), Limits(cpus=-1.0), Limits(pids=0)])
def test_a_limit_of_nothing_is_refused(limits: Limits) -> None:
    with pytest.raises(LimitNotEnforceableError, match="cannot be held"):
        podman.settings(limits)


def test_a_cold_sandbox_has_an_image_of_its_own_that_goes_with_it(kind: PodmanRuntime) -> None:
    mine = f"--filter=label={LABEL}={Owner.current()}"
    with kind.create_cold() as made:
        made.start()
        assert made.exec(["true"]).exit_code == 0
        assert len(ask("images", mine)) == 1
    assert ask("images", mine) == []


def test_a_sweep_removes_containers_and_images_of_the_dead_alone(kind: PodmanRuntime) -> None:
    holds = "s = PodmanRuntime().create_cold(); s.start(); print(s.pid, flush=True); time.sleep(1000)"
    (dead, dead_label), (living, living_label) = owner_that(holds), owner_that(holds)
    try:
        assert dead.stdout is not None
        assert living.stdout is not None
        pids = [int(process.stdout.readline()) for process in (dead, living) if process.stdout]
        dead.kill()
        dead.communicate()
        kind.sweep()  # or another process's, of a test beside this one
        assert left_by(dead_label) == 0
        assert start_time(pids[0]) is None
        assert left_by(living_label) == 2
        assert start_time(pids[1]) is not None
    finally:
        living.send_signal(signal.SIGINT)
        living.communicate(timeout=60)
    assert left_by(living_label) == 0


@pytest.mark.parametrize("after", [0.05, 0.2, 0.4, 0.7])
def test_an_interrupt_at_any_moment_leaves_nothing(kind: PodmanRuntime, after: float) -> None:
    process, label = owner_that(
        "r = PodmanRuntime(); r.create().remove(); print('go', flush=True)\n"
        "while True:\n"
        "    with r.create_cold() as s: s.start(); s.exec(['true'], timeout=9); s.stop()"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in complaint
    assert left_by(label) == 0


def test_without_podman_there_is_a_line_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = PodmanRuntime().availability()
    assert (found.reason, found.remedy) == ("podman is not installed", "apt-get install podman")
    for call in (PodmanRuntime().create, PodmanRuntime().create_cold, PodmanRuntime().sweep):
        with pytest.raises(RuntimeUnavailableError, match="apt-get install podman"):
            call()


@pytest.mark.parametrize(
    "says",
    ["echo nonsense", "echo '{}'", "echo 'Error: it is broken' >&2; exit 125", "kill -9 $$", "sleep 1000"],
)
def test_a_podman_that_is_broken_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    monkeypatch.setattr(podman, "LOOK_TIMEOUT", 1.0)
    shell = shutil.which("sh")
    (tmp_path / "podman").write_text(f"#!{shell}\n{says}\n")
    (tmp_path / "podman").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = PodmanRuntime().availability()
    assert not found.available
    assert found.reason.startswith("podman ")
    assert found.remedy == "run `podman info`"
