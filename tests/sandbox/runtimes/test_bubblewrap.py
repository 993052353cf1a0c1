"""The driver `bubblewrap`: what its sandboxes see of the host, and who may make them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import perfbench
from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError
from perfbench.sandbox.runtimes import bubblewrap
from perfbench.sandbox.runtimes.bubblewrap import BubblewrapRuntime, BubblewrapSandbox
from perfbench.sandbox.runtimes.runtime import Limits

NOBODY = 65534

AS_NOBODY = """
from perfbench.sandbox.runtimes.bubblewrap import BubblewrapRuntime

print(BubblewrapRuntime().availability())
with BubblewrapRuntime().create() as sandbox:
    sandbox.start()
    print(sandbox.exec(["id", "-u"]).stdout)
"""


@pytest.fixture(scope="module")
def kind() -> BubblewrapRuntime:
    found = BubblewrapRuntime()
    status = found.availability()
    if not status.available:
        pytest.skip(status.reason)
    return found


@pytest.fixture
def sandbox(kind: BubblewrapRuntime) -> Iterator[BubblewrapSandbox]:
    with kind.create() as made:
        made.start()
        yield made


@pytest.mark.parametrize("limits", [Limits(memory=1 << 30), Limits(cpus=1.0), Limits(pids=100)], ids=str)
def test_it_holds_no_limit_of_a_cgroup_and_says_so(kind: BubblewrapRuntime, limits: Limits) -> None:
    with pytest.raises(LimitNotEnforceableError):
        kind.create(limits=limits)


def test_it_has_no_cold_start(kind: BubblewrapRuntime) -> None:
    with pytest.raises(RuntimeUnavailableError, match="no images"):
        kind.create_cold()


def test_a_command_has_no_capability_and_is_nobody(sandbox: BubblewrapSandbox) -> None:
    status = sandbox.exec(["cat", "/proc/self/status"]).stdout.decode().splitlines()
    fields = dict(line.split(":", 1) for line in status)
    assert [int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0, 0, 0, 0]
    assert set(fields["Uid"].split()) == {str(NOBODY)}


def test_a_command_sees_no_process_and_no_secret_of_the_host(sandbox: BubblewrapSandbox) -> None:
    processes = [name for name in sandbox.exec(["ls", "/proc"]).stdout.split() if name.isdigit()]
    assert len(processes) <= 4
    for path in ("/root", "/home", "/etc/shadow", "/etc/passwd", "/var", "/sys"):
        assert sandbox.exec(["ls", path]).exit_code != 0


@pytest.mark.parametrize("path", ["/new", "/usr/new", "/etc/new", "/dev/new"])
def test_only_tmp_can_be_written_to(sandbox: BubblewrapSandbox, path: str) -> None:
    assert sandbox.exec(["touch", path]).exit_code != 0
    assert sandbox.exec(["touch", "/tmp/new"]).exit_code == 0


def test_the_network_is_shared_for_the_asking_alone(kind: BubblewrapRuntime) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    for limits, same in ((Limits(), False), (Limits(network=False), False), (Limits(network=True), True)):
        with kind.create(limits=limits) as made:
            made.start()
            assert (Path(f"/proc/{made.pid}/ns/net").readlink() == ours) is same


def test_every_command_enters_the_same_namespaces(sandbox: BubblewrapSandbox) -> None:
    links = ["readlink", *(f"/proc/self/ns/{kind}" for kind in ("pid", "net", "ipc", "uts", "mnt", "user"))]
    first = [str(Path(f"/proc/{sandbox.pid}/ns", Path(link).name).readlink()) for link in links[1:]]
    assert sandbox.exec(links).stdout.decode().splitlines() == first


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_it_needs_no_root(kind: BubblewrapRuntime, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = Path(perfbench.__file__).parent.parent
    python = next((path for path in (sys.executable, "/usr/bin/python3") if _runs(path, source)), None)
    if python is None:
        pytest.skip("no Python that another user may run sees this source tree")
    done = subprocess.run(
        [python, "-c", AS_NOBODY],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        env={"PYTHONPATH": str(source), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "available=True" in done.stdout


def test_what_is_not_installed_is_said_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    status = BubblewrapRuntime().availability()
    assert (status.available, status.reason) == (False, "bwrap is not installed")
    assert status.remedy == "apt-get install bubblewrap"
    with pytest.raises(RuntimeUnavailableError, match="apt-get install bubblewrap"):
        BubblewrapRuntime().create()


def test_a_refusal_of_the_kernel_is_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(bubblewrap, "ENVIRONMENT", {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    status = BubblewrapRuntime().availability()
    assert not status.available
    assert "No permissions to create new namespace" in status.reason
    assert "user namespaces" in status.remedy


def _runs(python: str, source: Path) -> bool:
    try:
        return (
            subprocess.run(
                [python, "-c", "import sys, perfbench.errors; sys.exit(sys.version_info < (3, 11))"],
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                env={"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                timeout=60,
                check=False,
            ).returncode
            == 0
        )
    except OSError:
        return False
