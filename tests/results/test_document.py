"""Files as readers get them: bounded, unpacked, and told apart from what is no file."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from perfbench.errors import ExitCode, UsageError
from perfbench.results import document
from perfbench.results.document import load


def test_a_packed_file_is_unpacked_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(gzip.compress(b'{"a": 1}'))
    assert load(tmp_path / "x.json").json.value == {"a": 1}


def test_text_of_powershell_is_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes('{"a": "ü"}'.encode("utf-16"))
    (tmp_path / "y").write_bytes('{"a": "ü"}'.encode("utf-8-sig"))
    assert load(tmp_path / "x").json_value == load(tmp_path / "y").json_value == {"a": "ü"}


def test_a_pipe_is_read_to_its_end() -> None:
    reader, writer = os.pipe()  # what a shell's <(command) is
    os.write(writer, b"[1]")
    os.close(writer)
    try:
        assert load(Path(f"/dev/fd/{reader}")).json.value == [1]
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", "No such file"),
        (".", "is a folder"),
        ("/dev/zero", "is not a file"),
        ("x" * 5000, "too long"),
        ("a\0b", "null"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence_and_a_usage_error(
    tmp_path: Path, name: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        load(tmp_path / name)
    assert caught.value.exit_code == ExitCode.USAGE
    assert caught.value.remedy


def test_a_file_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 1024**2)
    (tmp_path / "x").write_bytes(b" " * (1024**2 + 1))
    with pytest.raises(UsageError, match="more than 1 MiB"):
        load(tmp_path / "x")


def test_a_gzip_bomb_is_refused_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 4 * 1024**2)
    with gzip.open(tmp_path / "x", "wb") as file:
        for _ in range(100):
            file.write(bytes(1024**2))
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match="more than 4 MiB"):
            load(tmp_path / "x")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024**2


@pytest.mark.parametrize("cut", [3, 12, 25])
def test_a_damaged_gzip_file_is_one_sentence(tmp_path: Path, cut: int) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(b'{"a": [1, 2, 3]}')[:cut])
    with pytest.raises(UsageError, match="damaged gzip"):
        load(tmp_path / "x")
