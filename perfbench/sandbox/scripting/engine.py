"""The Protocol that every script engine serves, and the words that all engines share.

An `Engine` is one interpreter with its globals; a `Program` is a script that it has compiled. What goes in and comes
out is plain: None, bool, int, float, str.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from perfbench.errors import ScriptError

Value = None | bool | int | float | str
"""What a script and its host exchange."""

Source = str | bytes
"""A script as text; bytes are WebAssembly's binary form."""

_PLAIN = (bool, int, float, str)

LONGEST_MESSAGE = 300
_TRACE = re.compile(r"^(\s+at |stack traceback:|Traceback |Caused by:|\s+--> |\s*\d+: +0x)")


@dataclass(frozen=True, slots=True)
class ScriptLimits:
    """What a script may use: `seconds` of wall time a call, `memory` in bytes beside the interpreter's own."""

    seconds: float = 5.0
    memory: int = 64 * 1024**2


STANDARD = ScriptLimits()
"""What a script may use where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled script. `code` is its engine's own; it goes with the last reference to it."""

    engine: str
    source: Source
    code: Any


class Engine(Protocol):
    """One interpreter. Leaving its `with` block closes it. Not to be entered by two threads at once."""

    @property
    def name(self) -> str:
        """As users and benchmark params name it: `quickjs`, `v8`, `lua`, `wasm`, `starlark`, `python`."""
        ...

    def register(self, name: str, value: Value | Callable[..., Value]) -> None:
        """Make `value` the global `name`; a function is called back with plain values.

        Raises ScriptError for what the engine cannot hold.
        """
        ...

    def compile(self, source: Source) -> Program:
        """Compile a script without running it. Raises ScriptError with the compiler's message."""
        ...

    def execute(self, program: Source | Program) -> Value:
        """Run a script and give its value.

        Raises ScriptError when it does not compile, raises, runs past its limits or has no plain value.
        """
        ...

    def run(self, source: Source) -> Value:
        """Run a script and after it the jobs and timers that it has left, until there are none (see runtime.py)."""
        ...

    def close(self) -> None:
        """End the interpreter; harmless the second time."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Closing:
    """Leaving the `with` block of an engine closes it."""

    def close(self) -> None:
        """End the interpreter."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def text_of(source: Source, engine: str) -> str:
    """The script as text. Raises ScriptError for bytes, which are no script of `engine`."""
    if isinstance(source, str):
        return source
    raise ScriptError(f"{engine} takes scripts as text, not as bytes", "decode them first")


def checked_name(name: str) -> str:
    """`name` itself. Raises ScriptError when it cannot be a global's name in every engine."""
    if name.isascii() and name.isidentifier():
        return name
    raise ScriptError(f"{name!r} cannot be a global's name", "use ASCII letters, digits and underscores")


def plain(value: object, engine: str) -> Value:
    """`value` itself. Raises ScriptError when it is none that host and script can exchange."""
    if value is None or isinstance(value, _PLAIN):
        return value
    raise ScriptError(
        f"{engine} cannot exchange a value of type {type(value).__name__}",
        "use None, bool, int, float or str",
    )


def failure(error: BaseException | str) -> ScriptError:
    """What a script's own error reads as: its message in one line, without the trace of where it came from."""
    return ScriptError(one_line(str(error)) or type(error).__name__)


def one_line(text: str) -> str:
    """The message that an engine's report begins with, on one line of at most LONGEST_MESSAGE characters."""
    kept: list[str] = []
    for line in text.splitlines():
        if _TRACE.match(line):
            break
        kept.append(line.strip())
    said = " ".join(filter(None, kept))
    return said if len(said) <= LONGEST_MESSAGE else f"{said[: LONGEST_MESSAGE - 1]}…"
