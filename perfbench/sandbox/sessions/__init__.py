"""Sessions and where they are kept, behind one Protocol (`session.py`); here a store is found by name."""

from __future__ import annotations

import difflib
from pathlib import Path

from perfbench.errors import UsageError
from perfbench.sandbox.sessions.folder import sweep
from perfbench.sandbox.sessions.session import (
    Session,
    SessionStore,
    UnknownSessionError,
    decode,
    encode,
    new_id,
)

__all__ = [
    "DEFAULT",
    "NAMES",
    "Session",
    "SessionStore",
    "UnknownSessionError",
    "decode",
    "encode",
    "new_id",
    "open_store",
    "sweep",
]

NAMES = ("memory", "json", "sqlite", "redis", "postgres")
"""The stores known by name."""
DEFAULT = "sqlite"

IN_A_FOLDER = ("json", "sqlite")
ON_A_SERVER = ("redis", "postgres")


def open_store(name: str = DEFAULT, *, place: Path | None = None, url: str | None = None) -> SessionStore:
    """Open the store called `name`.

    `place` is the folder of a store on disk; without one it gets a private one that goes when it is closed.
    `url` leads to the server of a store on one, by default that of PERFBENCH_REDIS_URL or
    PERFBENCH_POSTGRES_URL, and it is asked whether it is there.

    Raises UsageError for a name that is none, with the nearest that is, and for a place or URL where the
    store takes none; UnavailableError where its library is not installed or no server is named; StoreError
    where its server or file cannot be used.
    """
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.4)
        raise UsageError(
            f"there is no session store {name!r}",
            f"did you mean {near[0]!r}?" if near else f"the stores are {', '.join(NAMES)}",
        )
    if place is not None and name not in IN_A_FOLDER:
        raise UsageError(f"the session store {name!r} takes no folder", "leave it out, or use json or sqlite")
    if url is not None and name not in ON_A_SERVER:
        raise UsageError(f"the session store {name!r} takes no URL", "leave it out, or use redis or postgres")
    return _on_a_server(name, url) if name in ON_A_SERVER else _here(name, place)


def _here(name: str, place: Path | None) -> SessionStore:
    if name == "memory":
        from perfbench.sandbox.sessions.memory import MemoryStore  # noqa: PLC0415

        return MemoryStore()
    if name == "json":
        from perfbench.sandbox.sessions.json_file import JsonFileStore  # noqa: PLC0415

        return JsonFileStore(place)
    from perfbench.sandbox.sessions.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore(place)


def _on_a_server(name: str, url: str | None) -> SessionStore:
    from perfbench.sandbox.sessions.servers import url_of  # noqa: PLC0415

    place = url_of(name) if url is None else url
    if name == "redis":
        from perfbench.sandbox.sessions.redis import RedisStore  # noqa: PLC0415

        return RedisStore(place)
    from perfbench.sandbox.sessions.postgres import PostgresStore  # noqa: PLC0415

    return PostgresStore(place)
