"""The root file system made of one busybox."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from perfbench.errors import RuntimeUnavailableError
from perfbench.sandbox.runtimes import rootfs

needs_busybox = pytest.mark.skipif(rootfs.static_busybox() is None, reason="no static busybox is installed")


@needs_busybox
def test_a_tree_holds_a_shell_and_the_usual_tools(tmp_path: Path) -> None:
    rootfs.build(tmp_path / "root")
    for tool in ("sh", "true", "cat", "ls", "head", "sleep"):
        assert (tmp_path / "root/bin" / tool).resolve().name == "busybox"
    assert stat.S_IMODE((tmp_path / "root/tmp").stat().st_mode) == 0o1777
    assert (tmp_path / "root/etc/passwd").read_text().startswith("root:x:0:0:")


@needs_busybox
def test_a_tree_does_not_depend_on_the_callers_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        rootfs.build(tmp_path / "root")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "root/bin/busybox").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "root/etc/passwd").stat().st_mode) == 0o644


@needs_busybox
@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
def test_its_shell_runs_in_it(tmp_path: Path) -> None:
    rootfs.build(tmp_path / "root")
    command = ["chroot", str(tmp_path / "root"), "/bin/sh", "-c", "echo it works; ls /"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/bin:/usr/sbin"}, check=True)
    assert done.stdout.split() == ["it", "works", "bin", "dev", "etc", "proc", "sys", "tmp"]


@needs_busybox
def test_the_archive_holds_the_same_tree(tmp_path: Path) -> None:
    rootfs.build(tmp_path / "root")
    with tarfile.open(fileobj=io.BytesIO(rootfs.tar())) as archive:
        members = {member.name: member for member in archive}
    built = {str(path.relative_to(tmp_path / "root")) for path in (tmp_path / "root").rglob("*")}
    assert set(members) == built
    assert {member.uid for member in members.values()} == {0}
    assert members["tmp"].mode == 0o1777


@needs_busybox
def test_equal_stamps_give_equal_bytes_and_others_do_not() -> None:
    assert rootfs.tar() == rootfs.tar()
    assert rootfs.tar(stamp="a") != rootfs.tar(stamp="b")


def test_a_dynamic_program_a_text_and_nothing_are_no_static_busybox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "text"
    text.write_text("#!/bin/sh\n" * 20)
    torn = tmp_path / "torn"
    torn.write_bytes(b"\x7fELF\x02\x01" + bytes(58))
    shell = Path("/bin/sh").resolve()  # dynamic on every distribution that has a package manager
    monkeypatch.setattr(rootfs, "CANDIDATES", (text, torn, tmp_path / "absent", tmp_path))
    assert rootfs.static_busybox() is None
    if b"ld-linux" in shell.read_bytes() or b"ld-musl" in shell.read_bytes():
        monkeypatch.setattr(rootfs, "CANDIDATES", (shell,))
        assert rootfs.static_busybox() is None
    with pytest.raises(RuntimeUnavailableError, match="apt-get install busybox-static"):
        rootfs.build(tmp_path / "root")
    with pytest.raises(RuntimeUnavailableError, match="no static busybox"):
        rootfs.tar()
