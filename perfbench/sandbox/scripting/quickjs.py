"""`quickjs`: JavaScript by QuickJS, a small interpreter. The default.

Its memory limit holds, by an allocator of its own. Its time limit does not: it counts CPU time, is not looked at
inside a regular expression that backtracks for ever, and forbids functions of the host. Time is therefore the child's
to hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting import javascript
from perfbench.sandbox.scripting.engine import (
    Closing,
    Program,
    ScriptLimits,
    Source,
    Value,
    checked_name,
    failure,
)

STACK = 256 * 1024
"""Bytes of C stack that a script may use: a recursion without end is an error of the script."""


class QuickJs(Closing):
    """One QuickJS runtime with one context."""

    name = "quickjs"

    def __init__(self, limits: ScriptLimits | None) -> None:
        import quickjs  # noqa: PLC0415

        self._error = quickjs.JSException
        self._context: Any = quickjs.Context()
        self._context.set_max_stack_size(STACK)
        if limits is not None:
            self._context.set_memory_limit(limits.memory)
        self._evaluate(javascript.PRELUDE)
        self._call = self._context.eval("__host.call")
        self._loops = False

    def register(self, name: str, value: Value | Callable[..., Value]) -> None:
        if callable(value):
            self._context.add_callable(checked_name(name), javascript.answering(value, self.name))
            self._evaluate(f"__host.hold('{name}', globalThis['{name}'])")
        else:
            self._evaluate(javascript.assignment(name, value, self.name))

    def compile(self, source: Source) -> Program:
        """An expression in parentheses becomes a function; any other script the library compiles only to run it."""
        text = javascript.script(source, self.name)
        javascript.decoded(self._evaluate(javascript.calling("__host.check", text)), self.name)
        code = None
        if javascript.is_expression(text):
            try:
                code = self._evaluate(javascript.calling("__host.compiled", text))
            except ScriptError:
                code = None  # it begins with a parenthesis and is more than an expression
        return Program(self.name, source, code)

    def execute(self, program: Source | Program) -> Value:
        if isinstance(program, Program):
            if program.code is not None:
                return javascript.decoded(self._guarded(self._call, program.code), self.name)
            program = program.source
        text = javascript.script(program, self.name)
        return javascript.decoded(self._evaluate(javascript.calling("__host.run", text)), self.name)

    def run(self, source: Source) -> Value:
        if not self._loops:
            self._evaluate(javascript.LOOP)
            self._loops = True
        text = javascript.script(source, self.name)
        return javascript.drive(self._evaluate, self._run_jobs, text, self.name)

    def close(self) -> None:
        self._context = self._call = None

    def _run_jobs(self) -> None:
        while self._guarded(self._context.execute_pending_job):
            pass

    def _evaluate(self, code: str) -> Any:
        return self._guarded(self._context.eval, code)

    def _guarded(self, action: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return action(*arguments)
        except self._error as error:
            message = str(error).strip()
            # With no memory left for an error QuickJS throws null.
            raise failure("out of memory" if message in ("null", "null\nundefined") else message) from None
