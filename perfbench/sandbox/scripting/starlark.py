"""`starlark`: Starlark, a small dialect of Python without files, network or clock, by starlark-rust.

Its time limit is not looked at inside one built-in function (`[0] * 100000000`), and it has none of memory. Both are
therefore the child's to hold. A script's value is that of its last expression.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting.engine import (
    Closing,
    Program,
    ScriptLimits,
    Source,
    Value,
    checked_name,
    failure,
    plain,
    text_of,
)

_MESSAGE = re.compile(r"^error: (.*?)(?=^ *--> )", re.MULTILINE | re.DOTALL)


class Starlark(Closing):
    """One Starlark module, in which each script finds what the ones before it have defined."""

    name = "starlark"

    def __init__(self, limits: ScriptLimits | None) -> None:  # noqa: ARG002  (all engines are made alike)
        import starlark  # noqa: PLC0415

        self._library = starlark
        self._module: Any = starlark.Module()
        self._globals = starlark.Globals.standard()
        self._dialect = starlark.Dialect.extended()

    def register(self, name: str, value: Value | Callable[..., Value]) -> None:
        if callable(value):
            self._module.add_callable(checked_name(name), value)
            return
        if isinstance(value, float) and not math.isfinite(value):
            raise ScriptError(f"starlark cannot be given {value}", "give a finite number")
        try:
            self._module[checked_name(name)] = plain(value, self.name)
        except self._library.StarlarkError:
            raise ScriptError("starlark cannot hold the value: half a surrogate pair is no text") from None

    def compile(self, source: Source) -> Program:
        return Program(self.name, source, self._parsed(source))

    def execute(self, program: Source | Program) -> Value:
        code = program.code if isinstance(program, Program) else self._parsed(program)
        try:
            result = self._library.eval(self._module, code, self._globals)
        except self._library.StarlarkError as error:
            if "serde::serialize" in str(error):
                raise ScriptError("the script's value is a function", "end with a plain value") from None
            raise _failure(error) from None
        return plain(result, self.name)

    def run(self, source: Source) -> Value:
        """Starlark has no jobs: the script itself, to its end."""
        return self.execute(source)

    def close(self) -> None:
        self._module = None

    def _parsed(self, source: Source) -> Any:
        try:
            return self._library.parse("script", text_of(source, self.name), self._dialect)
        except (self._library.StarlarkError, UnicodeError) as error:
            raise _failure(error) from None


def _failure(error: Exception) -> ScriptError:
    found = _MESSAGE.search(str(error))
    return failure(found[1] if found else str(error))
