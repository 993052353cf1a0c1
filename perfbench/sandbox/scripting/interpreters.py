"""The engines by name, and what each needs: its library, room beyond the limit, a child that is used once."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from perfbench.sandbox.scripting.engine import Engine, ScriptLimits

MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Kind:
    """One engine: where its class is, the library that it needs, and what its child has to see to."""

    module: str
    cls: str
    library: str = ""
    package: str = ""
    slack: int = 0
    """Bytes that its process may have beyond the script's: for interpreters that limit scripts themselves."""
    limits_memory: bool = True
    """Whether its own limit of memory holds, without the kernel's."""
    reusable: bool = True
    """Whether a child that has served one script's engine may serve another's."""


KINDS = {
    "quickjs": Kind("quickjs", "QuickJs", "quickjs", "quickjs", slack=32 * MIB),
    "v8": Kind("v8", "V8", "py_mini_racer", "mini-racer", slack=32 * MIB, limits_memory=False),
    "lua": Kind("lua", "Lua", "lupa", "lupa", slack=32 * MIB),
    "wasm": Kind("wasm", "Wasm", "wasmtime", "wasmtime", slack=32 * MIB),
    "starlark": Kind("starlark", "Starlark", "starlark", "starlark-pyo3", limits_memory=False),
    "python": Kind("python", "Python", limits_memory=False, reusable=False),
}
NAMES = tuple(KINDS)
SLACK = {name: kind.slack for name, kind in KINDS.items()}


def load(name: str) -> None:
    """Import an engine's library, so that the first engine need not wait for it."""
    if KINDS[name].library:
        importlib.import_module(KINDS[name].library)


def make(name: str, limits: ScriptLimits | None) -> Engine:
    """An engine in this very process. With `limits` it holds those that it can by itself."""
    kind = KINDS[name]
    found = getattr(importlib.import_module(f"perfbench.sandbox.scripting.{kind.module}"), kind.cls)
    engine: Engine = found(limits)
    return engine
