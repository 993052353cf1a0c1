"""`lua`: Lua 5.4, through lupa.

Its memory limit holds, by an allocator of its own. A time limit by debug hooks does not: a script catches its error,
runs on in a coroutine that has no hook, or stays inside one search for a pattern. Time is therefore the child's to
hold. Files, programs, modules, `debug` and binary chunks are taken away.
"""

from __future__ import annotations

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

PRELUDE = """
local load, gsub = load, string.gsub
for _, name in ipairs{"python", "io", "package", "require", "dofile", "loadfile", "debug"} do _G[name] = nil end
os = {clock = os.clock, date = os.date, difftime = os.difftime, time = os.time}
string.dump = nil
_G.load = function(chunk, name, mode, ...) return load(chunk, name, "t", ...) end
return function(source) return load(source, "=script", "t") end
"""


class Lua(Closing):
    """One Lua state."""

    name = "lua"

    def __init__(self, limits: ScriptLimits | None) -> None:
        from lupa import lua54  # noqa: PLC0415

        self._error = lua54.LuaError
        self._state: Any = lua54.LuaRuntime(
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            attribute_filter=_no_attribute,
            max_memory=None if limits is None else limits.memory,
        )
        self._load = self._state.execute(PRELUDE)

    def register(self, name: str, value: Value | Callable[..., Value]) -> None:
        shared = _answering(value) if callable(value) else plain(value, self.name)
        try:
            self._state.globals()[checked_name(name)] = shared
        except (OverflowError, UnicodeEncodeError) as error:
            raise ScriptError(f"lua cannot hold the value: {error}") from None

    def compile(self, source: Source) -> Program:
        return Program(self.name, source, self._compiled(source))

    def execute(self, program: Source | Program) -> Value:
        function = program.code if isinstance(program, Program) else self._compiled(program)
        result = self._guarded(function)
        if type(result).__name__.startswith("_Lua"):
            raise ScriptError("the script's value is a table, a function or a thread", "return a plain value")
        if isinstance(result, tuple):
            raise ScriptError("the script returned several values", "return one")
        return plain(result, self.name)

    def run(self, source: Source) -> Value:
        """Lua has no jobs: the script itself, to its end."""
        return self.execute(source)

    def close(self) -> None:
        self._state = self._load = None

    def _compiled(self, source: Source) -> Any:
        found = self._guarded(self._load, text_of(source, self.name))
        if isinstance(found, tuple):
            raise failure(str(found[1]))
        return found

    def _guarded(self, function: Callable[..., Any], *arguments: Any) -> Any:
        from lupa.lua54 import LuaMemoryError  # noqa: PLC0415

        try:
            return function(*arguments)
        except (LuaMemoryError, MemoryError):
            raise ScriptError("not enough memory") from None
        except self._error as error:
            raise failure(str(error) or "the script raised a value that is no text") from None
        except UnicodeError as error:
            raise ScriptError(f"lua's value is no text in UTF-8: {error}") from None
        except Exception as error:  # a function of the host raised, and the script let it through
            raise failure(error) from None


def _answering(function: Callable[..., Value]) -> Callable[..., Value]:
    """`function` with a plain result: what else it gave would reach into the host."""

    def answer(*arguments: Value) -> Value:
        return plain(function(*arguments), "lua")

    return answer


def _no_attribute(_target: object, name: object, _setting: bool) -> object:
    raise AttributeError(f"no attribute {name} of the host's values is the script's")
