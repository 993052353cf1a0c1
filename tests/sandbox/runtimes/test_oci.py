"""The drivers `runc`, `crun` and `runsc`: least privilege inside, nothing left outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import hierarchies, remains
from perfbench.sandbox.runtimes.oci import OciRuntime, OciSandbox
from perfbench.sandbox.runtimes.oci_program import PROGRAMS, errors_in, exit_code_of
from perfbench.sandbox.runtimes.ownership import LABEL, Owner, start_time
from perfbench.sandbox.runtimes.runtime import Limits


@pytest.fixture(params=PROGRAMS)
def kind(request: pytest.FixtureRequest) -> OciRuntime:
    found = OciRuntime(request.param)
    missing = found._missing()
    if missing is not None:
        pytest.skip(missing.reason)
    return found


@pytest.fixture
def sandbox(kind: OciRuntime) -> Iterator[OciSandbox]:
    with kind.create() as made:
        made.start()
        yield made


def test_a_command_is_nobody_and_has_no_capability(sandbox: OciSandbox) -> None:
    status = sandbox.exec(["cat", "/proc/self/status"]).stdout.decode().splitlines()
    fields = dict(line.split(":", 1) for line in status if ":" in line)
    assert [int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")] == [0, 0, 0, 0]
    assert sandbox.exec(["id", "-u"]).stdout == b"65534\n"
    assert int(fields.get("NoNewPrivs", "1")) == 1  # a guest kernel may not tell


@pytest.mark.parametrize("path", ["/new", "/bin/new", "/etc/new", "/proc/sys/kernel/hostname"])
def test_only_tmp_can_be_written_to(sandbox: OciSandbox, path: str) -> None:
    assert sandbox.exec(["sh", "-c", 'echo x > "$1"', "sh", path]).exit_code != 0
    assert sandbox.exec(["sh", "-c", "echo x > /tmp/new"]).exit_code == 0


def test_a_command_sees_no_process_of_the_host(sandbox: OciSandbox) -> None:
    processes = [name for name in sandbox.exec(["ls", "/proc"]).stdout.split() if name.isdigit()]
    assert len(processes) <= 4


def test_the_network_of_the_host_is_shared_for_the_asking_alone(kind: OciRuntime) -> None:
    ours = {line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]}
    if ours <= {"lo"}:
        pytest.skip("this machine has no network interface but lo")
    for limits, same in ((Limits(network=False), False), (Limits(network=True), True)):
        with kind.create(limits=limits) as made:
            made.start()
            lines = made.exec(["cat", "/proc/net/dev"]).stdout.decode().splitlines()[2:]
            assert (ours <= {line.split(":")[0].strip() for line in lines}) is same


def test_the_sandbox_has_a_memory_cgroup_of_its_own(sandbox: OciSandbox) -> None:
    group = sandbox.cgroup
    assert group is not None
    assert group.name == sandbox.id


def test_the_bundle_carries_its_owner(sandbox: OciSandbox) -> None:
    config = json.loads((sandbox.directory / "config.json").read_text())
    assert Owner.parse(config["annotations"][LABEL]) == Owner.current()


def test_sandboxes_share_one_root_that_none_can_change(kind: OciRuntime) -> None:
    with kind.create() as one, kind.create() as other:
        roots = {
            json.loads((made.directory / "config.json").read_text())["root"]["path"] for made in (one, other)
        }
        assert len(roots) == 1


def test_a_cold_sandbox_has_a_root_of_its_own_that_goes_with_it(kind: OciRuntime) -> None:
    with kind.create_cold() as made:
        root = Path(json.loads((made.directory / "config.json").read_text())["root"]["path"])
        assert root.parent == made.directory
        made.start()
        assert made.exec(["cat", "/etc/perfbench-stamp"]).stdout.decode() == made.id
    assert not root.exists()


def test_a_removed_sandbox_leaves_nothing_in_any_hierarchy(kind: OciRuntime) -> None:
    with kind.create() as made:
        made.start()
        name = made.id
        assert list(hierarchies.MOUNT.glob(f"*/{name}")) or hierarchies.is_v2()
    assert not list(hierarchies.MOUNT.glob(f"**/{name}"))
    assert not made.directory.exists()


def test_a_sandbox_that_was_never_started_leaves_nothing(kind: OciRuntime) -> None:
    with kind.create() as made:
        name = made.id
    assert not list(hierarchies.MOUNT.glob(f"**/{name}"))
    assert not made.directory.exists()


@pytest.mark.parametrize("installed", [True, False])
def test_a_sweep_removes_what_was_created_and_never_started(
    kind: OciRuntime, installed: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = (
        "import os, sys; from perfbench.sandbox.runtimes.oci import OciRuntime; "
        "sandbox = OciRuntime(sys.argv[1]).create(); "
        "print(sandbox.id, (sandbox.directory / 'pid').read_text(), flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, kind.name], capture_output=True, text=True, check=False
    )
    name, pid = done.stdout.split()
    if not installed:
        monkeypatch.setenv("PATH", str(tmp_path))
    kind.sweep()  # or another process's, of a test beside this one
    assert start_time(int(pid)) is None
    assert not list(hierarchies.MOUNT.glob(f"**/{name}"))


def test_a_memory_limit_stands_in_the_cgroup(kind: OciRuntime) -> None:
    with kind.create(limits=Limits(memory=64 << 20)) as made:
        made.start()
        group = made.cgroup
        assert group is not None
        limit = next(
            group / name for name in ("memory.limit_in_bytes", "memory.max") if (group / name).exists()
        )
        assert int(limit.read_text()) == 64 << 20


def test_an_impossible_limit_is_the_runtimes_own_reason_and_leaves_nothing(kind: OciRuntime) -> None:
    before = set(remains.home(Owner.current()).glob("perfbench-*"))
    with pytest.raises(SandboxError, match=kind.name):
        kind.create(limits=Limits(memory=4096))
    assert set(remains.home(Owner.current()).glob("perfbench-*")) == before


@pytest.mark.parametrize(
    "limits", [Limits(memory=0), Limits(cpus=-1.0), Limits(cpus=1e-6), Limits(pids=0)], ids=str
)
def test_a_limit_that_the_kernel_would_take_for_none_is_refused(kind: OciRuntime, limits: Limits) -> None:
    with pytest.raises(LimitNotEnforceableError):
        kind.create(limits=limits)


def test_a_guest_kernel_cannot_hold_a_limit_of_processes() -> None:
    runtime = OciRuntime("runsc")
    if runtime._missing() is not None:
        pytest.skip("runsc is not here")
    with pytest.raises(LimitNotEnforceableError, match="pids"):
        runtime.create(limits=Limits(pids=10))


def test_a_limit_without_its_controller_is_refused(kind: OciRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchies, "controllers", lambda: frozenset({"cpu"}))
    with pytest.raises(LimitNotEnforceableError, match="controller memory"):
        kind.create(limits=Limits(memory=1 << 30))


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_not_installed_is_said_with_its_remedy(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    status = OciRuntime(name).availability()
    assert (status.available, status.reason) == (False, f"{name} is not installed")
    with pytest.raises(RuntimeUnavailableError, match=f"apt-get install {name}"):
        OciRuntime(name).create()


def test_another_user_than_root_is_told_what_to_use(
    kind: OciRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    status = OciRuntime(kind.name).availability()
    assert not status.available
    assert "bubblewrap" in status.remedy


def test_a_runtime_that_refuses_is_absent_with_its_own_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: OciRuntime
) -> None:
    program = tmp_path / kind.name
    program.write_text("#!/bin/sh\ncase \"$*\" in *create*) echo 'no such luck' >&2; exit 1;; esac\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(hierarchies, "is_hybrid", lambda: False)
    status = OciRuntime(kind.name).availability()
    assert not status.available
    assert "no such luck" in status.reason


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (
            'exec failed: unable to start container process: exec: "x": executable file not found in $PATH',
            127,
        ),
        (
            'exec failed: unable to start container process: exec: "/x": stat /x: no such file or directory',
            127,
        ),
        ("executable file `x` not found in $PATH: No such file or directory", 127),
        ('executing command "x" in sandbox: error finding executable "x" in PATH [/bin]', 127),
        ('exec failed: unable to start container process: exec: "/etc": permission denied', 126),
        ("open executable: Operation not permitted", 126),
        ("exec failed: cannot exec in a stopped container", None),
        ("setns(pid=10167, CLONE_NEWUSER): No such process", None),
    ],
)
def test_a_runtimes_message_tells_a_missing_command_from_a_dead_sandbox(
    message: str, code: int | None
) -> None:
    assert exit_code_of([message]) == code


def test_errors_are_read_from_logs_with_and_without_line_ends(tmp_path: Path) -> None:
    log = tmp_path / "log"
    one = json.dumps({"level": "error", "msg": "one"})
    warning = json.dumps({"level": "warning", "msg": "two"})
    log.write_text(f"{one}{warning}\n{one}\ntorn {{")
    assert errors_in(log) == ["one", "one"]
    assert errors_in(tmp_path / "absent") == []
