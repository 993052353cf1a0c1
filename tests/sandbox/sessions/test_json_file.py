"""Sessions in JSON files: whole whatever happens, and spoilt ones are named."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perfbench.errors import StoreError
from perfbench.sandbox.sessions import Session, SessionStore, open_store

WRITER = """
import sys
from pathlib import Path
from perfbench.sandbox.sessions import Session, open_store
store = open_store("json", place=Path(sys.argv[1]))
number = 0
while True:
    number += 1
    store.write(Session("one", {"number": number, "text": "x" * 200_000}, [], 0.0))
    if number == 3:
        print("ready", flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SessionStore]:
    with open_store("json", place=tmp_path / "sessions") as store:
        yield store


def test_a_session_is_a_file_of_its_own_that_others_cannot_read(store: SessionStore, tmp_path: Path) -> None:
    session = store.create({"a": 1})
    (file,) = (tmp_path / "sessions").iterdir()
    assert file.name == f"{session.id}.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["state"] == {"a": 1}
    assert (tmp_path / "sessions").stat().st_mode & 0o777 == 0o700


def test_sessions_outlive_the_store(store: SessionStore, tmp_path: Path) -> None:
    session = store.create({"a": 1})
    store.close()
    with open_store("json", place=tmp_path / "sessions") as again:
        assert again.read(session.id) == session


@pytest.mark.parametrize("content", [b"", b"{", b'{"id": "a"}', b"\xff"])
def test_a_spoilt_file_is_named_and_harms_no_other(
    store: SessionStore, tmp_path: Path, content: bytes
) -> None:
    other = store.create()
    file = tmp_path / "sessions" / "spoilt.json"
    file.write_bytes(content)
    with pytest.raises(StoreError, match=rf"{file} is spoilt: .*delete the session"):
        store.read("spoilt")
    assert store.read(other.id) == other
    store.write(Session("spoilt", {"whole": "again"}, [], 0.0))
    assert store.read("spoilt").state == {"whole": "again"}


def test_a_file_under_another_session_s_name_is_spoilt(store: SessionStore, tmp_path: Path) -> None:
    session = store.create()
    (tmp_path / "sessions" / f"{session.id}.json").rename(tmp_path / "sessions" / "other.json")
    with pytest.raises(StoreError, match="it holds another session"):
        store.read("other")


def test_a_folder_in_a_session_s_place_is_a_store_error(store: SessionStore, tmp_path: Path) -> None:
    (tmp_path / "sessions" / "folder.json").mkdir()
    with pytest.raises(StoreError, match=r"folder\.json cannot be read"):
        store.read("folder")
    with pytest.raises(StoreError, match=r"folder\.json cannot be written"):
        store.write(Session("folder", {}, [], 0.0))
    with pytest.raises(StoreError, match=r"folder\.json cannot be removed"):
        store.delete("folder")
    assert [path.name for path in (tmp_path / "sessions").iterdir()] == ["folder.json"]


def test_a_folder_that_went_away_is_a_store_error(store: SessionStore, tmp_path: Path) -> None:
    (tmp_path / "sessions").rmdir()
    with pytest.raises(StoreError, match="cannot be written"):
        store.create()
    with pytest.raises(StoreError, match="cannot be listed"):
        store.ids()


def test_foreign_files_are_no_sessions(store: SessionStore, tmp_path: Path) -> None:
    for name in ("README", ".hidden.json", "a b.json", "unfinished.1"):
        (tmp_path / "sessions" / name).touch()
    assert store.ids() == []


def test_a_killed_writer_leaves_a_whole_session(store: SessionStore, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", WRITER, str(tmp_path / "sessions")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        for _ in range(50):
            assert len(store.read("one").state["text"]) == 200_000
        writer.send_signal(signal.SIGKILL)
    assert store.read("one").state["number"] >= 3
    assert store.ids() == ["one"]


def test_what_a_killed_writer_left_goes_after_an_hour(store: SessionStore, tmp_path: Path) -> None:
    old, young = (tmp_path / "sessions" / f"unfinished.{age}" for age in ("old", "young"))
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    open_store("json", place=tmp_path / "sessions").close()
    assert young.exists()
    assert not old.exists()
