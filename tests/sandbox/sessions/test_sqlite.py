"""Sessions in SQLite: several processes on one file, and files that are none."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from perfbench.errors import StoreError
from perfbench.sandbox.sessions import open_store

WRITER = """
import sys
from pathlib import Path
from perfbench.sandbox.sessions import Session, open_store
sys.stdin.read()
with open_store("sqlite", place=Path(sys.argv[1])) as store:
    for _ in range(30):
        store.read(store.create().id)
"""


def test_sessions_outlive_the_store(tmp_path: Path) -> None:
    with open_store("sqlite", place=tmp_path) as store:
        session = store.create({"a": 1})
    with open_store("sqlite", place=tmp_path) as again:
        assert again.read(session.id) == session


def test_processes_that_open_a_new_file_at_once_all_get_to_write(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
        writer.stdin = None
    assert [writer.communicate(timeout=60)[1] for writer in writers] == [b""] * 4
    with open_store("sqlite", place=tmp_path) as store:
        assert len(store.ids()) == 4 * 30


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "sessions.sqlite").write_text(
        "this is no database, and it is long enough to be seen as none" * 20
    )
    with pytest.raises(
        StoreError, match=rf"{tmp_path}/sessions.sqlite cannot be used: file is not a database"
    ):
        open_store("sqlite", place=tmp_path)


def test_a_file_that_is_spoilt_in_mid_run_is_a_store_error(tmp_path: Path) -> None:
    with open_store("sqlite", place=tmp_path) as store:
        session = store.create({"text": "x" * 100_000})
    file = tmp_path / "sessions.sqlite"
    with open_store("sqlite", place=tmp_path) as store:
        file.write_bytes(b"\xff" * file.stat().st_size)
        with pytest.raises(StoreError, match=r"sessions\.sqlite cannot be used"):
            store.read(session.id)


def test_a_session_that_is_spoilt_harms_no_other(tmp_path: Path) -> None:
    with open_store("sqlite", place=tmp_path) as store:
        spoilt, text, other = (store.create() for _ in range(3))
        connection = sqlite3.connect(tmp_path / "sessions.sqlite")
        with connection:
            connection.execute("UPDATE sessions SET data = ? WHERE id = ?", (b"{", spoilt.id))
            connection.execute("UPDATE sessions SET data = ? WHERE id = ?", ("text", text.id))
        connection.close()
        for session in (spoilt, text):
            with pytest.raises(StoreError, match=rf"'{session.id}' in {tmp_path}/sessions.sqlite is spoilt"):
                store.read(session.id)
        assert store.read(other.id) == other


def test_another_that_holds_the_file_for_too_long_is_a_store_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perfbench.sandbox.sessions.sqlite.BUSY_TIMEOUT", 0.1)
    with open_store("sqlite", place=tmp_path) as store:
        other = sqlite3.connect(tmp_path / "sessions.sqlite")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="database is locked"):
            store.create()
        other.close()
        store.create()
