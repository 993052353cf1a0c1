"""Database queries, each read to its last row: reference queries over 1,000 rows, or a project's own.

The reference table lies in a SQLite file in this process's own folder, and in a temporary table of a
PostgreSQL server, which goes with the connection. `[sut.database]` names another database and its queries.
"""

from __future__ import annotations

import atexit
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from benchmarks._workspace import workspace
from perfbench import sut

ROWS = 1000
TABLE = "CREATE {kind} TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount INTEGER NOT NULL)"
FILL = "INSERT INTO items VALUES " + ", ".join(  # noqa: S608  (numbers alone)
    f"({number}, 'item {number}', {number * 7 % 1000})" for number in range(ROWS)
)

POINT = "SELECT name, amount FROM items WHERE id = 500"
SCAN = "SELECT id, name, amount FROM items WHERE amount >= 0"
REFERENCE = {
    "sqlite_point": (POINT, 1),
    "sqlite_scan": (SCAN, ROWS),
    "postgres_point": (POINT, 1),
    "postgres_scan": (SCAN, ROWS),
}
"""Query → its SQL and how many rows it must give. It begins with the database that it is sent to."""

POSTGRES_URL = "PERFBENCH_POSTGRES_URL"
CONNECT_TIMEOUT = 5

Execute = Callable[[str], Any]
"""Sends SQL; gives a cursor."""

_open = ExitStack()


class Query:
    """One query, from sending it until its last row is read."""

    version = "1"
    params = (sut.names("database", tuple(REFERENCE)),)
    param_names = ("query",)
    timeout = 120.0
    perfbench_pin = False

    def setup(self, query: str) -> None:
        configured = sut.configured("database")
        self.rows: int | None = None
        if configured is None:
            self.sql, self.rows = REFERENCE[query]
            self.execute = _reference(query.partition("_")[0])
        else:
            self.sql = str(configured["queries"][query])
            self.execute = _connected(sut.filled(str(configured["url"])))

    def time_query(self, query: str) -> None:
        cursor = self.execute(self.sql)
        rows = sum(1 for _ in cursor) if cursor.description else 0
        if self.rows not in (None, rows):
            raise RuntimeError(f"{query} gave {rows} rows, not {self.rows}")


@cache
def _reference(database: str) -> Execute:
    """The database with its table of 1,000 rows."""
    if database == "sqlite":
        file = workspace() / "items.sqlite"
        file.unlink(missing_ok=True)
        sqlite3.connect(file).close()
        execute = _sqlite(file)
        kind = ""
    else:
        if not os.environ.get(POSTGRES_URL):
            raise NotImplementedError(
                f'{POSTGRES_URL} is not set; eval "$(tools/services start)" starts a throw-away server'
            )
        execute = _connected(os.environ[POSTGRES_URL])
        kind = "TEMPORARY"
    execute(TABLE.format(kind=kind))
    execute(FILL)
    return execute


@cache
def _connected(url: str) -> Execute:
    """A connection that is kept for the whole life of this process.

    Raises RuntimeError, without the URL's password in it, where the database cannot be reached.
    """
    scheme, _, place = url.partition("://")
    if scheme == "sqlite":
        # Three slashes and a path from the top of the checkout, or four and one from that of the machine.
        return _sqlite(Path(sut.root(), unquote(urlsplit(f"file://{place}").path)[1:]))
    if scheme in ("postgresql", "postgres"):
        return _postgres(url)
    raise RuntimeError(f"the database of [sut.database] is {scheme!r}; write sqlite:///… or postgresql://…")


def _sqlite(file: Path) -> Execute:
    try:
        # Of these modes none makes a file that is not there.
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
        _open.callback(connection.close)
        connection.execute("SELECT name FROM sqlite_master")
    except sqlite3.Error as error:
        raise RuntimeError(f"the database {file} cannot be opened: {error}") from error
    return connection.execute


def _postgres(url: str) -> Execute:
    try:
        import psycopg  # noqa: PLC0415
    except ImportError as error:
        raise NotImplementedError(
            f"psycopg is not usable here ({error}); pip install 'psycopg[binary]'"
        ) from error
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT)
    except psycopg.Error as error:
        raise RuntimeError(f"the PostgreSQL server cannot be used: {_said(error, url)}") from None
    _open.callback(connection.close)
    return lambda sql: connection.execute(sql.encode())


def _said(error: Exception, url: str) -> str:
    """The first line of what the client says, without the URL's password: it may repeat it."""
    line = str(error).partition("\n")[0]
    _, _, password = url.partition("://")[2].rpartition("@")[0].partition(":")
    for part in filter(None, re.split("[:@/]", password)):
        line = line.replace(part, "…")
    return line


@atexit.register
def release() -> None:
    """Close every connection; what was temporary goes with it."""
    _reference.cache_clear()
    _connected.cache_clear()
    _open.close()


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("database")
