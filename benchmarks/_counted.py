"""The operations whose allocations are counted, each on one thread and leaving things as it found them.

They are those of the reference; where a project configures a store, an engine or settings of its own, they
are that one's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import _operations, _scripts
from benchmarks._operations import Operation, Prepared
from benchmarks._stores import forget, opened
from perfbench import sut

if TYPE_CHECKING:
    from perfbench.sandbox.sessions import Session

STORE, ENGINE = "memory", "lua"
"""QuickJS asks malloc how much larger a block is than it wanted: its counts are not the same in every process."""
SETTINGS = '[limits]\nmemory = 67108864\nseconds = 5.0\n\n[session]\nstore = "memory"\n'
LINE = "greet world --times 3"
KEY = "limits.memory"
CONTENT = 64 * 1024
OTHERS = 100


def _on_session(make: Callable[[Any, Session], Operation], *methods: str) -> Prepared:
    """An operation on a store that holds one session of 100 entries, and enough others to be no empty table."""

    @contextmanager
    def prepared() -> Iterator[Operation]:
        name = _operations.own_or("session", "a session store", STORE)
        store = opened(name, *methods)
        held = _operations.session()
        store.write(held)
        others = [store.create(_operations.fixed_state()).id for _ in range(OTHERS)]
        try:
            yield make(store, held)
        finally:
            forget(store, [held.id, *others])

    return prepared


def _on_engine(make: Callable[[Any, str], Operation], *methods: str) -> Prepared:
    """An operation on an engine, with a small script in its language."""

    @contextmanager
    def prepared() -> Iterator[Operation]:
        name = _operations.own_or("script", "a script engine", ENGINE)
        engine = _operations.engine(name, *methods)
        try:
            yield make(engine, _scripts.simple(name, engine))
        finally:
            _scripts.close(engine)

    return prepared


def _on_settings(make: Callable[[Callable[[], Any], Path], Operation]) -> Prepared:
    """An operation on settings and a file of them."""

    @contextmanager
    def prepared() -> Iterator[Operation]:
        _operations.own_or("settings", "settings", "defaults")
        from perfbench.sandbox.settings import Settings  # noqa: PLC0415

        with tempfile.TemporaryDirectory(prefix="perfbench-settings.") as folder:
            file = Path(folder) / "settings.toml"
            file.write_text(SETTINGS)
            yield make(sut.factory("settings") or Settings, file)

    return prepared


def _on_sessions_bytes(make: Callable[[Session], Operation]) -> Prepared:
    @contextmanager
    def prepared() -> Iterator[Operation]:
        yield make(_operations.session())

    return prepared


def _on_commands(method: str) -> Prepared:
    @contextmanager
    def prepared() -> Iterator[Operation]:
        function = getattr(_operations.commands(), method)
        yield lambda: function(LINE)

    return prepared


def _on_folder(make: Callable[[Any], Operation]) -> Prepared:
    @contextmanager
    def prepared() -> Iterator[Operation]:
        from perfbench.sandbox.files import Folder  # noqa: PLC0415

        with tempfile.TemporaryDirectory(prefix="perfbench-folder.") as root:
            folder = Folder(Path(root))
            folder.write("data", bytes(CONTENT))
            yield make(folder)

    return prepared


def _create(store: Any, _: Session) -> Operation:
    known = _operations.fixed_state()
    return lambda: store.delete(store.create(known).id)


def _write(store: Any, session: Session) -> Operation:
    return lambda: store.write(session)


def _read(store: Any, session: Session) -> Operation:
    return lambda: store.read(session.id)


def _encode(session: Session) -> Operation:
    from perfbench.sandbox.sessions import encode  # noqa: PLC0415

    return lambda: encode(session)


def _decode(session: Session) -> Operation:
    from perfbench.sandbox.sessions import decode, encode  # noqa: PLC0415

    data = encode(session)
    return lambda: decode(data)


def _load(make: Callable[[], Any], file: Path) -> Operation:
    def load() -> None:
        make().load(file)

    return load


def _get(make: Callable[[], Any], _: Path) -> Operation:
    settings = make()
    return lambda: settings.get(KEY)


def _set(make: Callable[[], Any], _: Path) -> Operation:
    settings = make()
    return lambda: settings.set(KEY, 64 * 1024**2)


def _register(engine: Any, _: str) -> Operation:
    return lambda: engine.register("answer", 42)


def _compile(engine: Any, source: str) -> Operation:
    return lambda: engine.compile(source)


def _execute(engine: Any, source: str) -> Operation:
    return lambda: engine.execute(source)


OPERATIONS: Mapping[str, Prepared] = {
    "session_create": _on_session(_create, "create", "write", "delete"),
    "session_write": _on_session(_write, "create", "write"),
    "session_read": _on_session(_read, "create", "write", "read"),
    "session_encode": _on_sessions_bytes(_encode),
    "session_decode": _on_sessions_bytes(_decode),
    "settings_load": _on_settings(_load),
    "settings_get": _on_settings(_get),
    "settings_set": _on_settings(_set),
    "command_parse": _on_commands("parse"),
    "command_dispatch": _on_commands("dispatch"),
    "script_register": _on_engine(_register, "register"),
    "script_compile": _on_engine(_compile, "compile"),
    "script_execute": _on_engine(_execute, "execute"),
    "file_read": _on_folder(lambda folder: lambda: folder.read("data")),
    "file_write": _on_folder(lambda folder: lambda: folder.write("copy", bytes(CONTENT))),
}
"""A creation ends with the deletion of what it has made. The benchmarks write these names out."""
