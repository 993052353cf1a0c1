"""What a session is, how it is written as JSON, and the Protocol that every session store serves."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NoReturn, Protocol, Self

from perfbench.errors import StoreError

ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""What an id may look like, in every store: it is a file's name in one of them, and comes from callers."""

RANDOM_BYTES = 16


class UnknownSessionError(StoreError):
    """There is no session of that id, or it is nothing that could be the id of one."""


@dataclass(slots=True)
class Session:
    """One conversation with a sandbox: what it knows (`state`) and what was said (`history`, oldest first).

    `state` and the entries of `history` hold JSON values under keys that are strings: a tuple comes back
    from a store as a list. `created` is in seconds since the epoch.
    """

    id: str
    state: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    created: float = 0.0


class SessionStore(Protocol):
    """Keeps sessions. Threads may share one; leaving its `with` block closes it.

    Every method raises StoreError when the store cannot do it: its server is down, does not answer or went
    away, its file is spoilt, or it is closed.
    """

    @property
    def name(self) -> str:
        """One of `NAMES`."""
        ...

    def create(self, state: Mapping[str, Any] | None = None) -> Session:
        """A new session with an id of its own, already kept."""
        ...

    def write(self, session: Session) -> None:
        """Keep the session as it is now, in the place of what was kept under its id; the last writer wins.

        Raises StoreError for an id that is none and for values that JSON does not have.
        """
        ...

    def read(self, id: str) -> Session:
        """The session as it was last written, shared with nobody. Raises UnknownSessionError when absent."""
        ...

    def delete(self, id: str) -> None:
        """Forget the session; harmless when there is none."""
        ...

    def ids(self) -> list[str]:
        """The ids of all sessions, in no order."""
        ...

    def close(self) -> None:
        """Give back what the store holds open; harmless the second time."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def new_id() -> str:
    """128 random bits that fit in a URL, 22 characters."""
    return secrets.token_urlsafe(RANDOM_BYTES)


def encode(session: Session) -> bytes:
    """The session as JSON in ASCII. Raises StoreError for values that JSON does not have, NaN for one."""
    try:
        return _ENCODER.encode(
            {
                "id": session.id,
                "created": session.created,
                "state": session.state,
                "history": session.history,
            }
        ).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(
            f"session {session.id!r} cannot be written as JSON ({error})",
            "keep only what JSON has in its state and history",
        ) from error


def decode(data: bytes) -> Session:
    """The session that `encode` has written. Raises StoreError when these bytes are no session."""
    try:
        found: Any = _DECODER.decode(data.decode())
        id, state, history, created = (found[key] for key in ("id", "state", "history", "created"))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StoreError(f"this is no session ({type(error).__name__}: {error})", _SPOILT) from error
    whole = (
        isinstance(id, str)
        and isinstance(state, dict)
        and isinstance(history, list)
        and all(isinstance(entry, dict) for entry in history)
        and type(created) in (int, float)
    )
    if not whole:
        raise StoreError("this is no session (a field of it is of another type)", _SPOILT)
    return Session(id, state, history, created)


def checked(id: str) -> str:
    """The id itself. Raises UnknownSessionError for what cannot be the id of a session."""
    if ID.fullmatch(id) is None:
        raise UnknownSessionError(
            f"{id[:80]!r} is no session's id", "an id has 1 to 128 letters, digits, - and _"
        )
    return id


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(parse_constant=_refuse)
_SPOILT = "delete the session: what is kept of it is spoilt"
