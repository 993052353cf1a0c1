"""One file as a tar stream; and archives that a hostile sandbox might send."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes import tarstream


def archive(entry: tarfile.TarInfo, content: bytes = b"", *, pax: bool = False) -> bytes:
    buffer = io.BytesIO()
    kind = tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as written:
        entry.size = len(content)
        written.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def unpack(data: bytes, target: Path, size: int = 700) -> None:
    tarstream.unpack(pieces(data, size), "/tmp/file", target)


@given(content=st.binary(max_size=3000), size=st.integers(1, 4000))
def test_what_is_packed_comes_out_again_whatever_the_pieces(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, size: int
) -> None:
    folder = tmp_path_factory.mktemp("round")
    (folder / "source").write_bytes(content)
    with tarstream.open_regular(folder / "source") as file:
        packed = b"".join(tarstream.pack(file, "name"))
    unpack(packed, folder / "target", size)
    assert (folder / "target").read_bytes() == content


@pytest.mark.parametrize("name", ["x", "ü" * 120, "long" * 60, "with space"])
def test_others_read_what_is_packed(tmp_path: Path, name: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"content")
    source.chmod(0o750)
    with tarstream.open_regular(source) as file:
        packed = io.BytesIO(b"".join(tarstream.pack(file, name)))
    with tarfile.open(fileobj=packed) as read:
        (entry,) = read.getmembers()
        found = read.extractfile(entry)
        assert found is not None
        assert (entry.name, entry.mode, found.read()) == (name, 0o750, b"content")


@pytest.mark.parametrize("pax", [False, True])
def test_a_long_name_is_passed_over(tmp_path: Path, pax: bool) -> None:
    unpack(archive(tarfile.TarInfo("ü" * 200), b"content", pax=pax), tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"content"


@pytest.mark.parametrize(
    "kind", [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_anything_but_a_regular_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    entry = tarfile.TarInfo("file")
    entry.type, entry.linkname = kind, "/etc/passwd"
    with pytest.raises(SandboxError, match="/tmp/file in the sandbox is not a regular file"):
        unpack(archive(entry), tmp_path / "target")
    assert not (tmp_path / "target").exists()


@given(garbage=st.binary(max_size=2000))
def test_garbage_is_one_sentence_and_leaves_no_file(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    target = tmp_path_factory.mktemp("garbage") / "target"
    with pytest.raises(SandboxError):
        unpack(garbage, target)
    assert not target.exists()


def test_an_archive_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    whole = archive(tarfile.TarInfo("file"), bytes(5000))
    with pytest.raises(SandboxError, match="broke off"):
        unpack(whole[:3000], tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_an_extended_header_without_end_is_not_read(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 1 << 40

    def endless() -> Iterator[bytes]:
        yield header.tobuf(tarfile.GNU_FORMAT)
        raise AssertionError("it was read on")

    with pytest.raises(SandboxError, match="cannot be /tmp/file"):
        tarstream.unpack(endless(), "/tmp/file", tmp_path / "target")


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"cannot write .*nowhere"):
        unpack(archive(tarfile.TarInfo("file"), b"x"), tmp_path / "nowhere/target")


def test_a_fifo_of_the_host_does_not_hold_a_copy_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(SandboxError, match="not a regular file"):
        tarstream.open_regular(tmp_path / "fifo")


def test_a_file_that_shrinks_meanwhile_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(bytes(3 * tarstream.CHUNK))
    with tarstream.open_regular(tmp_path / "source") as file:
        packed = tarstream.pack(file, "name")
        next(packed)
        os.truncate(tmp_path / "source", tarstream.CHUNK)
        with pytest.raises(SandboxError, match="shrank"):
            list(packed)


@pytest.mark.parametrize("path", ["", "relative", "/", "/tmp/..", "/tmp/\0"])
def test_a_path_that_names_no_file_is_refused(path: str) -> None:
    with pytest.raises(SandboxError, match="not the absolute path"):
        tarstream.split(path)


def test_a_path_is_split_into_directory_and_name() -> None:
    assert tarstream.split("/tmp/a b/c") == ("/tmp/a b", "c")
