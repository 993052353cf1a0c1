"""One call of each part of the sandbox runner, ready to be made again and again, for what counts memory.

Each leaves things as it found them, so that whatever stays after a call is a leak. Where a project
configures a system of its own, it is that one's store, engine or runtime.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, cast

from benchmarks._running import output_of, usable
from perfbench import sut

if TYPE_CHECKING:
    from perfbench.sandbox.commands import Registry
    from perfbench.sandbox.scripting import Engine
    from perfbench.sandbox.sessions import Session, SessionStore

ENTRIES = 100
"""Of the history of a session, as the issue of a long conversation has it."""
CREATED = 1_700_000_000.0
"""A fixed moment: the digits of now are not always as many."""

recent: deque[str] = deque(maxlen=8)
"""The ids of the sandboxes that this process made last."""

Operation = Callable[[], object]
Prepared = Callable[[], AbstractContextManager[Operation]]
"""Makes what an operation needs, and gives the operation."""


def own_or(table: str, wanted: str, reference: str) -> str:
    """The target of a row that is about `wanted` of the reference: the user's own where there is one.

    Raises NotImplementedError where a project configures another area, but not this one.
    """
    names = sut.names(table, (reference,))
    if not names:
        raise NotImplementedError(f"{wanted} is not measured: there is no [sut.{table}]")
    return names[0]


def store(name: str) -> SessionStore:
    """The session store called `name`."""
    own = sut.factory("session")
    if own is not None:
        return cast("SessionStore", own())
    from perfbench.sandbox import sessions  # noqa: PLC0415

    return sessions.open_store(name)


def engine(name: str) -> Engine:
    """A new script engine called `name`."""
    own = sut.factory("script")
    if own is not None:
        return cast("Engine", own())
    from perfbench.sandbox import scripting  # noqa: PLC0415

    return scripting.open_engine(name)


def script(name: str) -> str:
    """A small script in that engine's language."""
    from perfbench.sandbox import scripting  # noqa: PLC0415

    return scripting.SIMPLE.get(name, "1 + 1")


def session(entries: int = ENTRIES, text: int = 40) -> Session:
    """A session with a history of so many entries, each of `text` characters."""
    from perfbench.sandbox.sessions import Session, new_id  # noqa: PLC0415

    history = [{"role": "user", "text": f"{number:0{text}}"} for number in range(entries)]
    return Session(new_id(), {"user": "somebody"}, history, CREATED)


def commands() -> Registry:
    """A registry with one command."""
    from perfbench.sandbox.commands import Registry  # noqa: PLC0415

    registry = Registry()
    registry.register("greet", _greet, aliases=("hello",))
    return registry


def _greet(name: str, *, times: int = 1) -> str:
    return name * times


@contextmanager
def sandbox_life(name: str) -> Iterator[Operation]:
    """A sandbox from its creation to its removal, with one command."""
    runtime = usable(name)

    def live() -> None:
        with runtime.create() as sandbox:
            recent.append(sandbox.id)
            sandbox.start()
            output_of(sandbox, ("true",))

    yield live


@contextmanager
def session_life(name: str) -> Iterator[Operation]:
    """A session created, written, read and deleted."""
    with store(name) as backend:
        history = session().history

        def live() -> None:
            made = backend.create({"user": "somebody"})
            made.history.extend(history)
            backend.write(made)
            backend.read(made.id)
            backend.delete(made.id)

        yield live


@contextmanager
def engine_life(name: str) -> Iterator[Operation]:
    """A script engine opened, run and closed."""
    source = script(name)

    def live() -> None:
        with engine(name) as opened:
            opened.execute(source)

    yield live


@contextmanager
def script_run(name: str) -> Iterator[Operation]:
    """A small script, in an engine that stays."""
    source = script(name)
    with engine(name) as opened:
        yield lambda: opened.execute(source)
