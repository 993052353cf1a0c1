"""An index in one file of SQLite's.

The journal is SQLite's older one: an import appends, so that hardly a page has to be kept for the way back,
where a write-ahead log would write all points twice. Whoever reads meanwhile waits for the end of a
transaction, which takes a second or two.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from perfbench.errors import PerfbenchError
from perfbench.results.history.database import DamagedError, Row

_PATIENCE = 120.0
"""Seconds to wait for another process' transaction."""

_CACHE_KIB = 32 * 1024
_PAGE = 16384
_BROKEN = ("malformed", "not a database", "corrupt", "disk image")


class SqliteDatabase:
    """The file at `path`, made where it is missing. Raises DamagedError for a file that is none of SQLite's."""

    blob = "BLOB"

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._explained():
            # check_same_thread: a server may show what another thread has opened, one at a time.
            self._connection = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
        try:
            for pragma in (f"page_size={_PAGE}", "journal_mode=TRUNCATE", f"cache_size=-{_CACHE_KIB}"):
                self.rows(f"PRAGMA {pragma}")
        except BaseException:
            self._connection.close()
            raise

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows that a statement gives."""
        with self._explained():
            return self._connection.execute(sql, values).fetchall()

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """The same, one at a time."""
        with self._explained():
            yield from self._connection.execute(sql, values)

    def write(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""
        with self._explained():
            self._connection.executemany(sql, rows)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes in the block happen, or none of them."""
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        with self._explained():
            self._connection.execute("COMMIT")

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:  # noqa: ARG002
        """The folder's own lock is enough: the file lies in it."""
        yield

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            said = str(error)
            if any(word in said for word in _BROKEN):
                raise DamagedError(said) from error
            raise PerfbenchError(
                f"cannot use the index {self._path}: {said}",
                "free some space, make the folder writable, or wait for the other import",
            ) from error
