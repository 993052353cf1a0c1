"""One call of each part of the sandbox runner, ready to be made again and again, for what counts memory.

Each leaves things as it found them, so that whatever stays after a call is a leak. Where a project
configures a system of its own, it is that one's store, engine or runtime.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks import _scripts
from benchmarks._running import output_of, usable
from benchmarks._stores import history, opened, state
from perfbench import sut

if TYPE_CHECKING:
    from perfbench.sandbox.commands import Registry
    from perfbench.sandbox.sessions import Session

ENTRIES = 100
"""Of the history of a session: a long conversation."""
CREATED = 1_700_000_000.0
"""A fixed moment: the digits of now are not always as many."""

STORE_METHODS = ("create", "write", "read", "delete")

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


def engine(name: str, *methods: str) -> Any:
    """A new script engine called `name`, inside of this process, where its memory can be counted.

    A project's own is wherever it is. Raises NotImplementedError where it is not there or lacks a method.
    """
    if name in sut.OWN:
        return _scripts.opened(name, *methods)
    from perfbench.sandbox import scripting  # noqa: PLC0415

    try:
        return scripting.open_engine(name, limits=None)
    except NotImplementedError as error:
        raise NotImplementedError(str(error)) from error  # asv shows its arguments alone: no remedy


def session(entries: int = ENTRIES, text: int = 0) -> Session:
    """A session with a history of so many entries; each has `text` more characters."""
    from perfbench.sandbox.sessions import Session, new_id  # noqa: PLC0415

    padding = {"padding": "x" * text} if text else {}
    return Session(new_id(), fixed_state(), [{**entry, **padding} for entry in history(entries)], CREATED)


def fixed_state() -> dict[str, Any]:
    """A state of the same length in every process: its owner's number is not always as many digits."""
    return {**state(), "owner": "somebody"}


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
    store = opened(name, *STORE_METHODS)
    entries = history(ENTRIES)

    def live() -> None:
        made = store.create(state())
        made.history.extend(entries)
        store.write(made)
        store.read(made.id)
        store.delete(made.id)

    yield live


@contextmanager
def engine_life(name: str) -> Iterator[Operation]:
    """A script engine opened, asked once and closed."""
    yield lambda: _live(name, engine(name, "execute"))


@contextmanager
def limited_engine_life(name: str) -> Iterator[Operation]:
    """The same as it is meant to be, in a child process that holds it to its limits."""
    yield lambda: _live(name, _scripts.opened(name, "execute"))


def _live(name: str, made: Any) -> None:
    try:
        _scripts.check(made.execute(_scripts.simple(name, made)), made)
    finally:
        _scripts.close(made)


@contextmanager
def script_run(name: str) -> Iterator[Operation]:
    """A small script, in an engine that stays."""
    made = engine(name, "execute")
    source = _scripts.simple(name, made)
    try:
        yield lambda: made.execute(source)
    finally:
        _scripts.close(made)
