"""Sessions in a PostgreSQL server, one row each in a table that is made when it is not there yet."""

from __future__ import annotations

from perfbench.errors import StoreError
from perfbench.sandbox.sessions.encoded import EncodedStore
from perfbench.sandbox.sessions.postgres_connections import Connections

FIND = "SELECT to_regclass('sandbox_sessions') IS NOT NULL"
TABLE = "CREATE TABLE IF NOT EXISTS sandbox_sessions (id text PRIMARY KEY, data bytea NOT NULL)"
PUT = "INSERT INTO sandbox_sessions VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET data = excluded.data"
GET = "SELECT data FROM sandbox_sessions WHERE id = %s"
REMOVE = "DELETE FROM sandbox_sessions WHERE id = %s"
IDS = "SELECT id FROM sandbox_sessions"


class PostgresStore(EncodedStore):
    """The table `sandbox_sessions` in the server at `url`.

    Raises UnavailableError where the client is not installed, StoreError where no server answers.
    """

    name = "postgres"

    def __init__(self, url: str) -> None:
        self._server = Connections(url)
        try:
            self._make_table()
        except BaseException:
            self._server.close()
            raise

    def _make_table(self) -> None:
        if not self._table_is_there():
            try:
                self._server.rows(TABLE)
            except StoreError:
                # Of two that make it at the same moment one is refused, and then finds it.
                if not self._table_is_there():
                    raise

    def _table_is_there(self) -> bool:
        return bool(self._server.rows(FIND)[0][0])

    def _put(self, id: str, data: bytes) -> None:
        self._server.rows(PUT, id, data)

    def _get(self, id: str) -> bytes | None:
        rows = self._server.rows(GET, id)
        return bytes(rows[0][0]) if rows else None

    def _remove(self, id: str) -> None:
        self._server.rows(REMOVE, id)

    def _ids(self) -> list[str]:
        return [str(row[0]) for row in self._server.rows(IDS)]

    def _place(self, id: str) -> str:
        return f"session {id!r} in PostgreSQL at {self._server.address}"

    def _release(self) -> None:
        self._server.close()
