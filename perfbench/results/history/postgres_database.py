"""An index in PostgreSQL, by URL, for a team that shares it.

What goes wrong is said with the server's host and never with the URL, which may hold a password.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from perfbench.errors import MissingComponentError, PerfbenchError
from perfbench.results.history.database import Row

_CONNECT_TIMEOUT = 10
_STATEMENT_TIMEOUT = 600_000
_AT_ONCE = 200
"""Rows of a stream that are in memory; a chunk of a long series has some 100 KB."""

_REMEDY = "see that the server runs and lets this user in"


class PostgresDatabase:
    """One connection to the server. Raises PerfbenchError where it cannot be reached."""

    blob = "BYTEA"

    def __init__(self, url: str) -> None:
        try:
            import psycopg  # noqa: PLC0415
        except ImportError as error:
            raise MissingComponentError(
                "an index in PostgreSQL needs psycopg", "pip install 'perfbench-gate[stores]'"
            ) from error
        self._error = psycopg.Error
        self._where, self._secret = _server(url)
        try:
            self._connection = psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT)
        except psycopg.ProgrammingError:
            # What the client says then holds the URL.
            raise PerfbenchError(
                "the URL of the index cannot be read", "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
            ) from None
        except psycopg.Error as error:
            raise self._told(error) from None
        try:
            self.rows(f"SET statement_timeout = {_STATEMENT_TIMEOUT}")
        except BaseException:
            self._connection.close()
            raise

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows that a statement gives."""
        with self._explained():
            cursor = self._connection.execute(_spelt(sql), values or None, binary=True)
            return cursor.fetchall() if cursor.description else []

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """The same, some at a time: a cursor of the server's."""
        with (
            self._explained(),
            self._connection.transaction(),
            self._connection.cursor("perfbench_history", binary=True) as cursor,
        ):
            cursor.itersize = _AT_ONCE
            cursor.execute(_spelt(sql), values or None)
            yield from cursor

    def write(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""
        with self._explained(), self._connection.cursor() as cursor:
            cursor.executemany(_spelt(sql), rows)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes in the block happen, or none of them."""
        with self._explained(), self._connection.transaction():
            yield

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """An advisory lock of the server's, which ends with the connection."""
        self.rows("SELECT pg_advisory_lock(hashtext(current_schema() || ?))", (name,))
        try:
            yield
        finally:
            with contextlib.suppress(PerfbenchError):
                self.rows("SELECT pg_advisory_unlock(hashtext(current_schema() || ?))", (name,))

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            raise self._told(error) from None

    def _told(self, error: Exception) -> PerfbenchError:
        said = " ".join(str(error).split()) or type(error).__name__
        said = (said.replace(self._secret, "…") if self._secret else said)[:200]
        return PerfbenchError(f"the index at {self._where} cannot be used: {said}", _REMEDY)


def _spelt(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()


def _server(url: str) -> tuple[str, str]:
    """Host and port of a URL, which may be shown, and the password in it, which may not."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or 'the local server'}:{parts.port or 5432}", parts.password or ""
    except ValueError:
        return "PostgreSQL", ""
