"""What all session stores have in common: they keep bytes under ids, and the bytes are JSON.

So every store gives the same answers, and no two callers ever share a session's state.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from perfbench.errors import StoreError
from perfbench.sandbox.sessions.session import Session, UnknownSessionError, checked, decode, encode, new_id


class EncodedStore(ABC):
    """A session store that has only to put, get and remove bytes."""

    name: str
    closed = False

    def create(self, state: Mapping[str, Any] | None = None) -> Session:
        session = Session(new_id(), dict(state or {}), [], time.time())
        self.write(session)
        return session

    def write(self, session: Session) -> None:
        data = encode(session)
        self._open()
        self._put(checked(session.id), data)

    def read(self, id: str) -> Session:
        self._open()
        data = self._get(checked(id))
        if data is None:
            raise UnknownSessionError(f"there is no session {id!r}", "create it first")
        try:
            session = decode(data)
        except StoreError as error:
            raise StoreError(f"{self._place(id)} is spoilt: {error.message}", error.remedy) from error
        if session.id != id:
            raise StoreError(f"{self._place(id)} is spoilt: it holds another session", "delete the session")
        return session

    def delete(self, id: str) -> None:
        self._open()
        self._remove(checked(id))

    def ids(self) -> list[str]:
        self._open()
        return self._ids()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        if self.closed:
            raise StoreError(f"this {self.name} session store is closed", "open another one")

    @abstractmethod
    def _put(self, id: str, data: bytes) -> None:
        """Keep the bytes under a checked id; whole or not at all."""

    @abstractmethod
    def _get(self, id: str) -> bytes | None:
        """The bytes under a checked id, None where there are none."""

    @abstractmethod
    def _remove(self, id: str) -> None:
        """Forget the bytes under a checked id, if any."""

    @abstractmethod
    def _ids(self) -> list[str]:
        """All ids."""

    def _place(self, id: str) -> str:
        """Where the session lies, in words."""
        return f"session {id!r} in the {self.name} store"

    @abstractmethod
    def _release(self) -> None:
        """Give back what is held open."""
