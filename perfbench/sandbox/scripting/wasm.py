"""`wasm`: WebAssembly by wasmtime. A script is a module, as text (WAT) or bytes, that exports a function `run`.

Each execution makes a new instance and calls `run` without arguments; its value is what that returns, one number or
none. A global `x` is what the module imports as `env.x` (a function, too), or its exported mutable global `x`, set
before `run`. Memory is limited by the store, time by the child.
"""

from __future__ import annotations

import atexit
import math
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting.engine import (
    Closing,
    Program,
    ScriptLimits,
    Source,
    Value,
    checked_name,
    failure,
    one_line,
)

if TYPE_CHECKING:
    import wasmtime

ENTRY = "run"
NAMESPACE = "env"
MOST_TABLE_ELEMENTS = 100_000
BITS = {"i32": 32, "i64": 64}
_TRAP = re.compile(r"wasm trap: (.*)")


class Wasm(Closing):
    """The globals, and the limits that each instance is made with."""

    name = "wasm"

    def __init__(self, limits: ScriptLimits | None) -> None:
        self._engine = _engine()
        self._limits = limits
        self._globals: dict[str, int | float] = {}
        self._functions: dict[str, Callable[..., Value]] = {}

    def register(self, name: str, value: Value | Callable[..., Value]) -> None:
        checked_name(name)
        if callable(value):
            self._functions[name] = value
        elif isinstance(value, int | float):
            self._globals[name] = value
        else:
            raise ScriptError(f"wasm knows numbers alone, not {type(value).__name__}", "register a number")

    def compile(self, source: Source) -> Program:
        return Program(self.name, source, self._compiled(source))

    def execute(self, program: Source | Program) -> Value:
        module = program.code if isinstance(program, Program) else self._compiled(program)
        result = _guarded(self._run, module)
        if result is None or isinstance(result, int | float):
            return result
        raise ScriptError("`run` returned no single number", "let it return one, or none")

    def run(self, source: Source) -> Value:
        """WebAssembly has no jobs: the script itself, to its end."""
        return self.execute(source)

    def _run(self, module: wasmtime.Module) -> object:
        import wasmtime  # noqa: PLC0415

        store = wasmtime.Store(self._engine)
        if self._limits is not None:
            store.set_limits(
                memory_size=self._limits.memory,
                table_elements=MOST_TABLE_ELEMENTS,
                instances=1,
                memories=4,
                tables=4,
            )
        instance = wasmtime.Instance(store, module, [self._imported(store, one) for one in module.imports])
        exports = instance.exports(store)
        for name, value in self._globals.items():
            found = exports.get(name)
            if isinstance(found, wasmtime.Global) and found.type(store).mutable:
                found.set_value(store, _number(value, found.type(store).content))
        entry = exports.get(ENTRY)
        if not isinstance(entry, wasmtime.Func):
            raise ScriptError(f"the module exports no function `{ENTRY}`", f'(export "{ENTRY}")')
        return entry(store)

    def _imported(self, store: wasmtime.Store, wanted: wasmtime.ImportType) -> Any:
        import wasmtime  # noqa: PLC0415

        name, kind = str(wanted.name), wanted.type
        if wanted.module == NAMESPACE:
            if isinstance(kind, wasmtime.GlobalType) and name in self._globals:
                return wasmtime.Global(store, kind, _number(self._globals[name], kind.content))
            if isinstance(kind, wasmtime.FuncType) and name in self._functions:
                return wasmtime.Func(store, kind, self._functions[name])
        raise ScriptError(f"the module imports {wanted.module}.{name}, which is not registered")

    def _compiled(self, source: Source) -> wasmtime.Module:
        import wasmtime  # noqa: PLC0415

        module: wasmtime.Module = _guarded(wasmtime.Module, self._engine, source)
        return module


@cache
def _engine() -> wasmtime.Engine:
    """One for the process: it holds no script's state, and it is what takes long to make."""
    import wasmtime  # noqa: PLC0415

    atexit.register(_engine.cache_clear)  # it cannot be let go of once the library's modules are gone
    return wasmtime.Engine()


def _number(value: float, kind: wasmtime.ValType) -> wasmtime.Val:
    """`value` as a wasm value of that type. Raises ScriptError when it does not fit."""
    import wasmtime  # noqa: PLC0415

    name = str(kind)
    if name in BITS:
        if (
            not math.isfinite(value)
            or value != int(value)
            or not -(1 << BITS[name] - 1) <= value < 1 << BITS[name] - 1
        ):
            raise ScriptError(f"{value} does not fit {name}", "register a number that does")
        return wasmtime.Val.i32(int(value)) if name == "i32" else wasmtime.Val.i64(int(value))
    return wasmtime.Val.f32(float(value)) if name == "f32" else wasmtime.Val.f64(float(value))


def _guarded(action: Callable[..., Any], *arguments: Any) -> Any:
    import wasmtime  # noqa: PLC0415

    try:
        return action(*arguments)
    except ScriptError:
        raise
    except (wasmtime.WasmtimeError, wasmtime.Trap, wasmtime.ExitTrap) as error:
        trap = _TRAP.search(str(error))
        raise ScriptError(one_line(trap[1] if trap else str(error))) from None
    except Exception as error:  # a function of the host raised, or its result is not of the type
        raise failure(error) from None
