"""`python`: plain Python, compiled and run by the interpreter itself.

It isolates nothing: a script can do whatever its user can. It runs in a child process that has none of its owner's
environment and is killed past its limits, and a child serves one engine only. A script's value is that of its last
expression; `run` takes `await` outside of functions.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from types import CodeType
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

FILE = "<script>"
_Code = tuple[CodeType | None, CodeType | None]


class Python(Closing):
    """One namespace of globals."""

    name = "python"

    def __init__(self, limits: ScriptLimits | None) -> None:  # noqa: ARG002  (all engines are made alike)
        self._globals: dict[str, Any] = {"__name__": "__main__"}

    def register(self, name: str, value: Value | Callable[..., Value]) -> None:
        self._globals[checked_name(name)] = value if callable(value) else plain(value, self.name)

    def compile(self, source: Source) -> Program:
        return Program(self.name, source, self._compiled(source, 0))

    def execute(self, program: Source | Program) -> Value:
        code = program.code if isinstance(program, Program) else self._compiled(program, 0)
        return plain(self._guarded(self._value, code), self.name)

    def run(self, source: Source) -> Value:
        """The script and every task that it has started, in asyncio's loop."""
        code = self._compiled(source, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        import asyncio  # noqa: PLC0415  (as slow to import as the rest of a child together)

        return plain(self._guarded(asyncio.run, self._until_idle(code)), self.name)

    def close(self) -> None:
        self._globals = {}

    async def _until_idle(self, code: _Code) -> object:
        import asyncio  # noqa: PLC0415

        value: object = None
        for part in code:
            if part is not None:
                value = eval(part, self._globals)  # noqa: S307  (it is what this engine is for)
                if inspect.isawaitable(value):
                    value = await value
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*tasks)
        return value

    def _value(self, code: _Code) -> object:
        statements, expression = code
        if statements is not None:
            exec(statements, self._globals)  # noqa: S102  (it is what this engine is for)
        return None if expression is None else eval(expression, self._globals)  # noqa: S307

    def _compiled(self, source: Source, flags: int) -> _Code:
        """The statements, and the expression that the script ends with."""

        def both() -> _Code:
            tree = ast.parse(text_of(source, self.name), FILE)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            statements = compile(tree, FILE, "exec", flags) if tree.body else None
            if not isinstance(last, ast.Expr):
                return statements, None
            return statements, compile(ast.Expression(last.value), FILE, "eval", flags)

        code: _Code = self._guarded(both)
        return code

    def _guarded(self, action: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return action(*arguments)
        except (ScriptError, KeyboardInterrupt):
            raise
        except BaseException as error:  # a script's SystemExit is no reason to exit
            named = type(error).__name__
            raise failure(f"{named}: {error}" if str(error) else named) from None
