"""What an index asks of the database below it: rows, writing, and all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]


class Database(Protocol):
    """One connection. SQL has `?` for values; every error of the server or the file is a PerfbenchError."""

    blob: str
    """What the type of bytes is called here."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows that a statement gives."""

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """The same, a few in memory at a time."""

    def write(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""

    def transaction(self) -> AbstractContextManager[None]:
        """All writes in the block happen, or none of them: also when the process is killed in the middle."""

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold `name` among all processes that use this database, after whoever holds it now."""

    def close(self) -> None:
        """Let go of the connection."""


class DamagedError(Exception):
    """The database cannot be read: what is in it has to be built again. Never seen by users."""
