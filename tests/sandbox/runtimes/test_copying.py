"""Files go in and out of a sandbox, and nothing in it leads the copy astray."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes.copying import copy_in, copy_out


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    (tmp_path / "inside").mkdir()
    (tmp_path / "host").mkdir()
    (tmp_path / "host/secret").write_text("secret")
    return tmp_path / "inside"


def test_a_link_planted_for_a_file_is_replaced_not_followed(tmp: Path, tmp_path: Path) -> None:
    (tmp / "target").symlink_to(tmp_path / "host/secret")
    (tmp_path / "source").write_text("new")
    copy_in(tmp, tmp_path / "source", "/tmp/target")
    assert (tmp_path / "host/secret").read_text() == "secret"
    assert (tmp / "target").read_text() == "new"
    assert not (tmp / "target").is_symlink()


@pytest.mark.parametrize("link", ["link/secret", "file"])
def test_no_link_leads_out(tmp: Path, tmp_path: Path, link: str) -> None:
    (tmp / "link").symlink_to(tmp_path / "host")
    (tmp / "file").symlink_to(tmp_path / "host/secret")
    with pytest.raises(SandboxError, match="cannot copy"):
        copy_out(tmp, f"/tmp/{link}", tmp_path / "stolen")
    assert not (tmp_path / "stolen").exists()


def test_no_link_leads_a_copy_into_the_host(tmp: Path, tmp_path: Path) -> None:
    (tmp / "link").symlink_to(tmp_path / "host")
    (tmp_path / "source").write_text("new")
    with pytest.raises(SandboxError, match="cannot copy"):
        copy_in(tmp, tmp_path / "source", "/tmp/link/secret")
    assert (tmp_path / "host/secret").read_text() == "secret"


def test_a_fifo_in_place_of_a_file_does_not_hold_up_the_copy(tmp: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp / "fifo")
    with pytest.raises(SandboxError, match="not a regular file"):
        copy_out(tmp, "/tmp/fifo", tmp_path / "out")


@pytest.mark.parametrize(
    "path", ["", "relative", "/tmp", "/tmp/", "/etc/passwd", "/tmp/../x", "/tmp/a/../../x", "/tmp/a\0b"]
)
def test_a_path_beyond_tmp_is_refused(tmp: Path, tmp_path: Path, path: str) -> None:
    with pytest.raises(SandboxError, match="beneath /tmp"):
        copy_out(tmp, path, tmp_path / "out")


def test_directories_below_are_walked_and_permissions_kept(tmp: Path, tmp_path: Path) -> None:
    (tmp / "a/b").mkdir(parents=True)
    (tmp_path / "source").write_text("#!/bin/sh\n")
    (tmp_path / "source").chmod(0o755)
    copy_in(tmp, tmp_path / "source", "/tmp/a/b/tool")
    assert (tmp / "a/b/tool").stat().st_mode & 0o777 == 0o755
    copy_out(tmp, "/tmp/a/b/tool", tmp_path / "back")
    assert (tmp_path / "back").read_text() == "#!/bin/sh\n"


def test_a_directory_is_not_replaced_by_a_file(tmp: Path, tmp_path: Path) -> None:
    (tmp / "directory").mkdir()
    (tmp_path / "source").touch()
    with pytest.raises(SandboxError, match="cannot copy"):
        copy_in(tmp, tmp_path / "source", "/tmp/directory")
