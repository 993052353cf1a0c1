"""Sessions: ids, creation, write and read, eight threads at once, and JSON; by where the sessions are kept."""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count
from threading import Barrier, Lock
from typing import Any, ClassVar

from benchmarks._stores import STORES, forget, history, kept, opened, state
from perfbench.sandbox import sessions

THREADS = 8
LONG = 100
"""Entries in the history of the session that is encoded and decoded."""

_state = state()
_long = sessions.Session(sessions.new_id(), state(), history(LONG), 1_700_000_000.0)
_long_json = sessions.encode(_long)


class Id:
    """The id of a new session."""

    version = "1"
    timeout = 60.0

    # It has no setup, which asv would repeat before every sample of this microsecond.
    def time_new_id(self) -> None:
        if not sessions.new_id():
            raise RuntimeError("the id of a new session is empty")


class Json:
    """A session with 100 entries in its history, as JSON."""

    version = "1"
    timeout = 60.0

    def time_encode(self) -> None:
        if len(sessions.encode(_long)) != len(_long_json):
            raise RuntimeError("a session was written as JSON in two ways")

    def time_decode(self) -> None:
        if len(sessions.decode(_long_json).history) != LONG:
            raise RuntimeError("a session was not read whole from JSON")


class _OfAStore:
    """What rows of a store share. `methods` are those that the store must have."""

    version = "1"
    params = (STORES,)
    param_names = ("store",)
    timeout = 120.0
    perfbench_pin = False
    methods: ClassVar[Sequence[str]] = ()

    def setup(self, store: str) -> None:
        self.store = opened(store, *self.methods)


class Create(_OfAStore):
    """A new session, with a state and no history."""

    methods = ("create",)
    made: Sequence[Any] = ()

    def setup(self, store: str) -> None:
        super().setup(store)
        self.made = []

    def teardown(self, store: str) -> None:
        made, self.made = self.made, ()
        ids = [session.id for session in made]
        if ids:
            forget(self.store, ids)
        if len(set(ids)) != len(ids):
            raise RuntimeError("two new sessions have the same id")

    def time_create(self, store: str) -> None:
        self.made.append(self.store.create(_state))  # type: ignore[attr-defined]


class Write(_OfAStore):
    """A session with 10 entries in its history, in the place of what the store had."""

    methods = ("write",)
    session: Any = None
    turns = count(1)

    def setup(self, store: str) -> None:
        super().setup(store)
        (self.session,) = kept(store, 1)
        self.session.state["turn"] = next(self.turns)

    def teardown(self, store: str) -> None:
        """Read back what the sample has written."""
        session, self.session = self.session, None
        if session is not None and callable(getattr(self.store, "read", None)):
            _check(self.store.read(session.id), session)

    def time_write(self, store: str) -> None:
        self.store.write(self.session)


class Read(_OfAStore):
    """A session with 10 entries in its history."""

    methods = ("write", "read")

    def setup(self, store: str) -> None:
        super().setup(store)
        (self.session,) = kept(store, 1)
        self.store.write(self.session)

    def time_read(self, store: str) -> None:
        _check(self.store.read(self.session.id), self.session)


class Concurrent(_OfAStore):
    """Eight threads at once, each of which writes a session of its own and reads it."""

    methods = ("write", "read")
    number = 1
    crowd: _Crowd | None = None

    def setup(self, store: str) -> None:
        super().setup(store)
        self.crowd = _Crowd(self._write_and_read, kept(store, THREADS))

    def teardown(self, store: str) -> None:
        crowd, self.crowd = self.crowd, None
        if crowd is not None:
            crowd.disband()

    def time_until_all_are_done(self, store: str) -> None:
        """Until the last of them has read what it wrote."""
        assert self.crowd is not None
        self.crowd.run()

    def _write_and_read(self, session: Any) -> None:
        self.store.write(session)
        _check(self.store.read(session.id), session)


class _Crowd:
    """Threads that wait, each at a gate of its own, so that their own start lies before the clock's.

    One barrier for all would cost half as much again as what the threads do with the fastest store.
    """

    def __init__(self, work: Callable[[Any], None], sessions: Sequence[Any]) -> None:
        self.work = work
        self.disbanded = False
        self.there = Barrier(len(sessions) + 1)
        self.gates = [Lock() for _ in sessions]
        self.threads = ThreadPoolExecutor(len(sessions))
        for gate in self.gates:
            gate.acquire()
        self.answers: list[Future[None]] = [
            self.threads.submit(self._member, gate, session)
            for gate, session in zip(self.gates, sessions, strict=True)
        ]
        self.there.wait()

    def _member(self, gate: Lock, session: Any) -> None:
        self.there.wait()
        gate.acquire()
        if not self.disbanded:
            self.work(session)

    def run(self) -> None:
        self._open_gates()
        wait(self.answers)
        for answer in self.answers:
            answer.result()

    def disband(self) -> None:
        self.disbanded = True
        self._open_gates()
        self.threads.shutdown()

    def _open_gates(self) -> None:
        for gate in self.gates:
            if gate.locked():
                gate.release()


def _check(found: Any, session: Any) -> None:
    """A store that gives back something else must not look fast."""
    if found.id != session.id or found.state != session.state or found.history != session.history:
        raise RuntimeError("a session was read that is not the one that was written")


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("session")
