"""`v8`: JavaScript by V8, through mini-racer.

V8's memory limit counts its own heap and no array buffers, and some of what exceeds it ends the whole process; its
time limit leaves a built-in function running. Both are therefore the child's to hold. mini-racer can call the host
only asynchronously, so functions cannot be registered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting import javascript
from perfbench.sandbox.scripting.engine import Closing, Program, ScriptLimits, Source, Value, one_line


class V8(Closing):
    """One isolate of V8 with one context."""

    name = "v8"

    def __init__(self, limits: ScriptLimits | None) -> None:
        from py_mini_racer import JSEvalException, MiniRacer  # noqa: PLC0415

        self._error = JSEvalException
        self._context: Any = MiniRacer()
        if limits is not None:
            self._context.set_hard_memory_limit(limits.memory)
        self._evaluate(javascript.PRELUDE)
        self._loops = False

    def register(self, name: str, value: Value | Callable[..., Value]) -> None:
        if callable(value):
            raise ScriptError(
                "v8 cannot call functions of the host: mini-racer has them asynchronous alone",
                "use quickjs, lua, starlark or python",
            )
        self._evaluate(javascript.assignment(name, value, self.name))

    def compile(self, source: Source) -> Program:
        """Only checks: V8 itself keeps the code of what it has compiled, and finds it by its text."""
        text = javascript.script(source, self.name)
        javascript.decoded(self._evaluate(javascript.calling("__host.check", text)), self.name)
        return Program(self.name, source, None)

    def execute(self, program: Source | Program) -> Value:
        source = program.source if isinstance(program, Program) else program
        text = javascript.script(source, self.name)
        return javascript.decoded(self._evaluate(javascript.calling("__host.run", text)), self.name)

    def run(self, source: Source) -> Value:
        if not self._loops:
            self._evaluate(javascript.LOOP)
            self._loops = True
        text = javascript.script(source, self.name)
        return javascript.drive(self._evaluate, _jobs_run_by_themselves, text, self.name)

    def close(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            context.close()

    def _evaluate(self, code: str) -> Any:
        from py_mini_racer import JSUndefined  # noqa: PLC0415

        try:
            result = self._context.eval(code)
        except self._error as error:
            raise ScriptError(_message(str(error))) from None
        return None if result is JSUndefined else result


def _jobs_run_by_themselves() -> None:
    """V8 runs its jobs at the end of every call."""


def _message(report: str) -> str:
    """The message in V8's report, which goes: place and message, the line, a marker; an empty line; the stack."""
    return one_line(report.rpartition("\n\n")[2]) or one_line(report)
