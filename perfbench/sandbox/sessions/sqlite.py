"""Sessions in a SQLite file: the default. One connection serves all threads, in turn.

A connection each would let them read at once, but make writers sleep on one another's locks for
milliseconds, where a turn takes microseconds. Other processes may use the same file.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

from perfbench.errors import StoreError
from perfbench.sandbox.sessions.encoded import EncodedStore
from perfbench.sandbox.sessions.folder import StoreFolder

FILE = "sessions.sqlite"
BUSY_TIMEOUT = 5.0
"""Seconds to wait for another process that writes."""

TABLE = "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID"
PUT = "INSERT INTO sessions VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data"
GET = "SELECT data FROM sessions WHERE id = ?"
REMOVE = "DELETE FROM sessions WHERE id = ?"
IDS = "SELECT id FROM sessions"


class SqliteStore(EncodedStore):
    """One table in `sessions.sqlite` in the folder `place`, or in a private one that goes with the store.

    Raises StoreError when that file is no database or cannot be opened.
    """

    name = "sqlite"

    def __init__(self, place: Path | None = None) -> None:
        self._folder = StoreFolder(place)
        self._file = self._folder.path / FILE
        self._turn = threading.Lock()
        try:
            self._connection = self._connected()
        except BaseException:
            self._folder.release()
            raise

    def _connected(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(
                self._file, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            _use_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(TABLE)
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise self._failed(error) from error
        return connection

    def _put(self, id: str, data: bytes) -> None:
        self._rows(PUT, id, data)

    def _get(self, id: str) -> bytes | None:
        rows = self._rows(GET, id)
        if not rows:
            return None
        data = rows[0][0]
        return data if isinstance(data, bytes) else str(data).encode()

    def _remove(self, id: str) -> None:
        self._rows(REMOVE, id)

    def _ids(self) -> list[str]:
        return [str(row[0]) for row in self._rows(IDS)]

    def _rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with self._turn:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def _place(self, id: str) -> str:
        return f"session {id!r} in {self._file}"

    def _release(self) -> None:
        with self._turn, contextlib.suppress(sqlite3.Error):  # a spoilt file cannot be tidied up
            self._connection.close()
        self._folder.release()

    def _failed(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"{self._file} cannot be used: {error}", "move it away, or name another folder")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Several that open a new file at once fail to change its mode without waiting: so this one waits."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
        time.sleep(0.01)
