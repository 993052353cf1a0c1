"""Script engines to measure, and what they are asked: the same small script in each one's language.

By default they are those of the sandbox runner that comes with perfbench. `[sut.script]` names a factory without
arguments; what it makes has any of `register(name, value)`, `compile(source)`, `execute(source or what compile gave)`,
`run(source)` and `close()`, and what it lacks is a skipped row. It may say with attributes which script it is asked to
run, `source`, and what that gives, `value`; by default the one in JavaScript.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from perfbench import sut
from perfbench.sandbox import scripting

# Written out and not taken from perfbench, as the runtimes in _running.py are.
ENGINES = sut.names("script", ("quickjs", "v8", "lua", "wasm", "starlark", "python"))

_JAVASCRIPT = f"new Promise(done => setTimeout(() => done({scripting.SIMPLE['quickjs']}), 0))"
_WITH_A_JOB = {
    "quickjs": _JAVASCRIPT,
    "v8": _JAVASCRIPT,
    "python": f"import asyncio\nawait asyncio.sleep(0)\n{scripting.SIMPLE['python']}",
}
_READ = {
    "lua": "return x",
    "wasm": '(module (import "env" "x" (global i32)) (func (export "run") (result i32) (global.get 0)))',
}

_kept: dict[str, Any] = {}
_open = ExitStack()


def opened(engine: str, *methods: str) -> Any:
    """A new engine of that name.

    Raises NotImplementedError, asv's way to skip, with the reason where it is not there or lacks one of
    `methods`; RuntimeError where a project's own factory raises.
    """
    made = sut.made("script") if engine in sut.OWN else _reference(lambda: scripting.open_engine(engine))
    for method in methods:
        if not callable(getattr(made, method, None)):
            close(made)
            raise NotImplementedError(f"its script engine has no {method!r}")
    return made


def opened_with_its_loop(engine: str) -> Any:
    """A new engine of that name with its event loop. Raises as `opened` does."""
    if engine in sut.OWN:
        return opened(engine, "run")
    return _reference(lambda: scripting.ScriptRuntime(engine))


def kept(engine: str, *methods: str) -> Any:
    """An open engine of that name, the same one for the whole life of this process. Raises as `opened` does."""
    if engine not in _kept:
        made = opened(engine)
        _open.callback(close, made)
        _kept[engine] = made
    for method in methods:
        if not callable(getattr(_kept[engine], method, None)):
            raise NotImplementedError(f"its script engine has no {method!r}")
    return _kept[engine]


def close(engine: Any) -> None:
    """Close an engine; one of a project's own that cannot be closed is left alone."""
    if callable(getattr(engine, "close", None)):
        engine.close()


def simple(name: str, engine: Any) -> str:
    """The small script for that engine."""
    return scripting.SIMPLE.get(name) or str(getattr(engine, "source", scripting.SIMPLE["quickjs"]))


def with_a_job(name: str, engine: Any) -> str:
    """The same, left to a job or a timer where the engine has them."""
    return _WITH_A_JOB.get(name) or simple(name, engine)


def reading_x(name: str) -> str | None:
    """A script that gives the global `x`; None for an engine whose language is not known."""
    return None if name in sut.OWN else _READ.get(name, "x")


def check(result: object, engine: Any) -> None:
    """An engine that gives something else must not look fast."""
    wanted = getattr(engine, "value", scripting.SIMPLE_VALUE)
    if result != wanted:
        raise RuntimeError(f"the script gave {result!r}, not {wanted!r}")


@atexit.register
def release() -> None:
    """Close what this process keeps open."""
    _kept.clear()
    _open.close()


def _reference(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except NotImplementedError as error:
        raise NotImplementedError(str(error)) from error  # asv shows its arguments alone: no remedy
