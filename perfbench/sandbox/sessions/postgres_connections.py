"""A few connections to one PostgreSQL server, shared by threads, none of which ever waits for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from functools import cache
from typing import TYPE_CHECKING, Any

from perfbench.errors import StoreError, UnavailableError
from perfbench.sandbox.sessions.servers import ANSWER_TIMEOUT, CONNECT_TIMEOUT, address, said

if TYPE_CHECKING:
    from psycopg import Connection

MOST = 8
"""Connections at once: a thread that finds them all taken waits for its turn."""
SET_TIMEOUT = f"SET statement_timeout = {ANSWER_TIMEOUT * 1000}"
GRACE = 1
"""Seconds more than the server takes for its own time limit: then it hangs, or the way to it is cut."""

Rows = list[tuple[Any, ...]]


class Connections:
    """Connections to the server at `url`, opened when they are needed and kept.

    Raises UnavailableError where the client is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            import psycopg  # noqa: PLC0415
        except ImportError as error:
            raise UnavailableError(
                f"psycopg is not usable here ({error})", "pip install 'psycopg[binary]'"
            ) from error
        self.address = address(url)
        self._url = url
        self._psycopg = psycopg
        self._idle: list[Connection] = []
        self._room = threading.BoundedSemaphore(MOST)
        self._closed = False

    def rows(self, statement: str, *values: object) -> Rows:
        """What a statement gives, in a transaction of its own. It must be one that may be run twice.

        Raises StoreError when the server is down, refuses it, or does not answer in time.
        """
        with self._room:
            try:
                return self._rows(statement, values)
            except (self._psycopg.Error, OSError) as error:
                raise StoreError(
                    f"PostgreSQL at {self.address} did not do it: {said(error, self._url)}",
                    "see that the server runs and lets this user in",
                ) from error

    def close(self) -> None:
        """Close the connections; those in use follow when they are given back."""
        self._closed = True
        self._drop_idle()

    def _rows(self, statement: str, values: tuple[object, ...]) -> Rows:
        connection = self._an_idle_one()
        if connection is not None:
            try:
                return self._answer(connection, statement, values)
            except self._psycopg.OperationalError:
                if not connection.closed:
                    raise
                self._drop_idle()  # the server was restarted: the others lead nowhere either
        return self._answer(self._connected(), statement, values)

    def _an_idle_one(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _answer(self, connection: Connection, statement: str, values: tuple[object, ...]) -> Rows:
        try:
            cursor = connection.execute(statement.encode(), values or None, binary=True)
            return cursor.fetchall() if cursor.description else []
        finally:
            self._give_back(connection)

    def _give_back(self, connection: Connection) -> None:
        idle = connection.info.transaction_status == self._psycopg.pq.TransactionStatus.IDLE
        if idle and not self._closed:
            self._idle.append(connection)
        else:
            connection.close()

    def _connected(self) -> Connection:
        try:
            connection = _timed_connection().connect(
                self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT
            )
        except self._psycopg.ProgrammingError:
            # What the client says holds the URL, and that a password.
            raise StoreError(
                "the URL of the PostgreSQL server cannot be read",
                "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
            ) from None
        try:
            connection.execute(SET_TIMEOUT)
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop_idle(self) -> None:
        while (connection := self._an_idle_one()) is not None:
            connection.close()


@cache
def _timed_connection() -> type[Connection]:
    """The client's connection, but it does not wait for ever for an answer: the client has no limit of its own."""
    import psycopg  # noqa: PLC0415

    class TimedConnection(psycopg.Connection):
        def wait(self, gen: Generator[Any, Any, Any], *how: Any, **options: Any) -> Any:
            deadline = time.monotonic() + ANSWER_TIMEOUT + GRACE
            return super().wait(_until(deadline, gen), *how, **options)

    return TimedConnection


def _until(deadline: float, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """The same steps. Raises TimeoutError when nothing has come from the server by the deadline.

    The client resumes a step with 0 whenever it has waited a tenth of a second for nothing.
    """
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise TimeoutError(f"it has not answered for {ANSWER_TIMEOUT + GRACE} s")
            wanted = steps.send(ready)
    except StopIteration as end:
        return end.value
