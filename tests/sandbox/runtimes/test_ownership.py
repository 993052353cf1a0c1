"""Whose a sandbox is, and what a sweep may touch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes import remains
from perfbench.sandbox.runtimes.ownership import Owner, start_time
from perfbench.sandbox.runtimes.process import ProcessRuntime

HOLD = """
import os, sys
from perfbench.sandbox.runtimes.process import ProcessRuntime

sandbox = ProcessRuntime().create()
sandbox.start()
sandbox.exec(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $! > pid"])
print(sandbox.id, (sandbox.tmp / "pid").read_text().strip(), flush=True)
sys.stdin.read()
"""

FORK = """
import os, sys
from perfbench.sandbox.runtimes.process import ProcessRuntime

sandbox = ProcessRuntime().create()
sandbox.start()
child = os.fork()
if child == 0:
    ProcessRuntime().create().start()
    sys.exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), sandbox.exec(["true"]).exit_code)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of our own, for this process and those it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield tmp_path
    monkeypatch.setattr(tempfile, "tempdir", None)


def hold() -> tuple[subprocess.Popen[bytes], str, int]:
    owner = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    name, pid = owner.stdout.readline().decode().split()
    return owner, name, int(pid)


def dead_owner() -> Owner:
    process = subprocess.Popen(["true"])
    me = Owner.current()
    owner = Owner(me.boot, me.namespace, process.pid, start_time(process.pid) or 1)
    process.wait()
    return owner


def test_this_process_is_alive() -> None:
    assert Owner.current().alive()


def test_an_ended_process_is_not() -> None:
    assert not dead_owner().alive()


def test_a_process_of_another_boot_or_start_is_not_this_one() -> None:
    me = Owner.current()
    assert not Owner("another-boot", me.namespace, me.pid, me.started).alive()
    assert not Owner(me.boot, me.namespace, me.pid, me.started + 1).alive()


def test_an_owner_in_another_pid_namespace_counts_as_alive() -> None:
    me = Owner.current()
    assert Owner(me.boot, me.namespace + 1, 2**22 + 1, 1).alive()


@given(
    boot=st.from_regex(r"[0-9a-f-]{1,40}", fullmatch=True),
    namespace=st.integers(0),
    pid=st.integers(1, 2**22),
    started=st.integers(0),
)
def test_a_label_reads_back(boot: str, namespace: int, pid: int, started: int) -> None:
    owner = Owner(boot, namespace, pid, started)
    assert Owner.parse(str(owner)) == owner


@given(st.text())
def test_a_foreign_label_is_nobody_or_an_owner_that_writes_it_again(label: str) -> None:
    owner = Owner.parse(label)
    assert owner is None or Owner.parse(str(owner)) == owner


@pytest.mark.skipif(sys.platform != "linux", reason="setsid is a Linux program")
def test_a_sweep_removes_exactly_what_dead_owners_left(place: Path) -> None:
    dead, dead_name, dead_pid = hold()
    living, living_name, living_pid = hold()
    try:
        dead.kill()
        dead.communicate()
        assert start_time(dead_pid) is not None, "a process that left its group outlives its owner"
        assert ProcessRuntime().sweep() == [dead_name]
        assert start_time(dead_pid) is None
        assert start_time(living_pid) is not None
        assert [path.name for path in remains.root().glob("*/*")] == [living_name]
        assert ProcessRuntime().sweep() == []
    finally:
        living.communicate()
    assert start_time(living_pid) is None
    assert not list(remains.root().iterdir())


def test_an_owner_that_ends_without_removing_its_sandbox_leaves_nothing(place: Path) -> None:
    owner, _, pid = hold()
    owner.communicate()  # its stdin ends, and so does it
    assert owner.returncode == 0
    assert start_time(pid) is None
    assert not list(remains.root().iterdir())


def test_a_forked_child_removes_its_own_sandboxes_and_not_its_parents(place: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["0", "0"], done.stderr
    assert not list(remains.root().iterdir())


def test_the_remains_of_a_dead_owner_without_sandboxes_go_too(place: Path) -> None:
    shared = remains.home(dead_owner()) / remains.SHARED
    (shared / "rootfs").mkdir(parents=True)
    assert remains.abandoned("runc") == []
    assert not shared.exists()


def test_strange_files_beside_the_owners_are_left_alone(place: Path) -> None:
    for name in ("notes", "a_b_c", "x_1"):
        (remains.root() / name).mkdir()
    ProcessRuntime().sweep()
    assert {path.name for path in remains.root().iterdir()} == {"notes", "a_b_c", "x_1"}


def test_a_planted_directory_is_refused(place: Path) -> None:
    planted = place / f"perfbench-{os.getuid()}"
    planted.symlink_to(place)
    with pytest.raises(SandboxError, match="only you can enter"):
        ProcessRuntime().create()
    planted.unlink()
    planted.mkdir(mode=0o755)
    planted.chmod(0o755)
    with pytest.raises(SandboxError, match="only you can enter"):
        ProcessRuntime().create()


def test_a_folder_that_cannot_be_written_to_is_named(place: Path) -> None:
    (place / "file").touch()
    tempfile.tempdir = str(place / "file")
    with pytest.raises(SandboxError, match="set TMPDIR"):
        ProcessRuntime().create()


def test_removal_follows_no_link_out_of_the_directory(place: Path) -> None:
    (place / "outside").mkdir()
    (place / "outside/kept").touch()
    with ProcessRuntime().create() as sandbox:
        (sandbox.tmp / "link").symlink_to(place / "outside")
    assert (place / "outside/kept").exists()
