"""Session stores to measure, open for as long as this process lives, and the sessions kept in them.

asv sets up before every sample, so a store is opened once in a process and closed at its end, when the
sessions that are kept in it are deleted. What a killed process left on a server the next one deletes.
"""

from __future__ import annotations

import atexit
import contextlib
import time
from contextlib import ExitStack
from typing import Any

from perfbench import sut
from perfbench.sandbox import sessions
from perfbench.sandbox.runtimes.ownership import Owner

# Written out and not taken from perfbench, as the runtimes in _running.py are.
STORES = sut.names("session", ("memory", "json", "sqlite", "redis", "postgres"))

ON_A_SERVER = ("redis", "postgres")
ENTRIES = 10
"""Entries in the history of a session that is written and read."""

_stores: dict[str, Any] = {}
_kept: dict[str, list[Any]] = {}
_open = ExitStack()


def opened(name: str, *methods: str) -> Any:
    """The store called `name`, the same one for the whole life of this process.

    Raises NotImplementedError, asv's way to skip, with the reason where it is not there or lacks one of
    `methods`; RuntimeError where a project's own factory raises.
    """
    if name not in _stores:
        store = sut.made("session") if name in sut.OWN else sessions.open_store(name)
        if callable(getattr(store, "close", None)):
            _open.callback(store.close)
        _stores[name] = store
        if name in ON_A_SERVER:
            _sweep(store)
    for method in methods:
        if not callable(getattr(_stores[name], method, None)):
            raise NotImplementedError(f"its session store has no {method!r}")
    return _stores[name]


def kept(name: str, number: int) -> list[Any]:
    """So many sessions of that store, each with a history of ENTRIES, deleted when this process ends.

    They are of the store's own making where it has `create`; their last state need not be written yet.
    """
    store = opened(name)
    found = _kept.setdefault(name, [])
    while len(found) < number:
        found.append(_session(store))
    return found[:number]


def state() -> dict[str, Any]:
    """What a session of a sandbox knows; it says whose it is."""
    return {
        "owner": str(Owner.current()),
        "language": "python",
        "limits": {"memory": 64 * 1024**2, "seconds": 5.0, "network": False},
        "files": ["main.py", "data.csv", "out/result.json"],
    }


def history(entries: int) -> list[dict[str, Any]]:
    """A conversation of so many entries of about 130 bytes."""
    return [
        {
            "role": "tool" if number % 2 else "user",
            "content": f"python main.py --step {number} --input data.csv",
            "at": 1_700_000_000.25 + number,
            "exit_code": 0,
        }
        for number in range(entries)
    ]


def forget(store: Any, ids: list[str]) -> None:
    """Delete these sessions; a store of a project's own that cannot do that keeps them."""
    if callable(getattr(store, "delete", None)):
        for id in ids:
            store.delete(id)


@atexit.register
def release() -> None:
    """Delete what this process keeps in the stores, and close them."""
    for name, found in _kept.items():
        with contextlib.suppress(Exception):  # its server is gone: the row has said so
            forget(_stores[name], [session.id for session in found])
    _kept.clear()
    _stores.clear()
    _open.close()


def _session(store: Any) -> Any:
    if callable(getattr(store, "create", None)):
        session = store.create(state())
        session.history = history(ENTRIES)
        return session
    return sessions.Session(sessions.new_id(), state(), history(ENTRIES), time.time())


def _sweep(store: sessions.SessionStore) -> None:
    for id in store.ids():
        with contextlib.suppress(sessions.UnknownSessionError):  # another process has just deleted its own
            owner = Owner.parse(str(store.read(id).state.get("owner", "")))
            if owner is not None and not owner.alive():
                store.delete(id)
