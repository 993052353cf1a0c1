"""Sessions, in any store, that clients cannot fill the machine with."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from perfbench.sandbox.service.refusals import NoRoomError
from perfbench.sandbox.sessions import Session, SessionStore, encode, new_id

OVERHEAD = 1024
"""Bytes that a session takes beside what is in it."""


class BoundedSessions:
    """A store of which clients may fill `most` bytes.

    What was in the store before is not counted: it belongs to whoever put it there.
    """

    def __init__(self, store: SessionStore, most: int) -> None:
        self._store = store
        self._most = most
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._lock = threading.Lock()

    @property
    def waits(self) -> bool:
        """Whether the store may wait for a disk or a server, so that it is called from a thread."""
        return self._store.name != "memory"

    def create(self, state: Mapping[str, Any]) -> Session:
        """A new session, kept. Raises NoRoomError, and what the store raises."""
        session = Session(new_id(), dict(state), [], time.time())
        self._keep(session)
        return session

    def read(self, id: str) -> Session:
        return self._store.read(id)

    def replace(
        self, id: str, state: Mapping[str, Any] | None, history: Sequence[Mapping[str, Any]] | None
    ) -> Session:
        """Write what is not None over the session `id`, which must be there."""
        session = self._store.read(id)
        if state is not None:
            session.state = dict(state)
        if history is not None:
            session.history = [dict(entry) for entry in history]
        self._keep(session)
        return session

    def append(self, id: str, entry: Mapping[str, Any]) -> Session:
        """Add an entry to the history of the session `id`."""
        return self.replace(id, None, [*self._store.read(id).history, entry])

    def delete(self, id: str) -> None:
        self._store.delete(id)
        with self._lock:
            self._total -= self._sizes.pop(id, 0)

    def ids(self) -> list[str]:
        return self._store.ids()

    def close(self) -> None:
        self._store.close()

    def _keep(self, session: Session) -> None:
        size = len(encode(session)) + OVERHEAD
        with self._lock:
            before = self._sizes.get(session.id, 0)
            if self._total + size - before > self._most:
                raise NoRoomError(f"the sessions fill {self._most} bytes already", "delete some")
            self._sizes[session.id] = size
            self._total += size - before
        self._store.write(session)
