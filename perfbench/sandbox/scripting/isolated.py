"""An engine whose interpreter lives in a child process, so that its limits hold whatever the script does.

Of the libraries' own limits, tried on scripts that mean harm, those of memory hold in QuickJS, Lua and WebAssembly,
and that of time in WebAssembly alone. So every engine has a child that can be killed: after `seconds` of wall time by
its owner, beyond its memory by the kernel. A script that runs past its time takes its engine with it; so does one that
breaks its interpreter.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting import child_pool, wire
from perfbench.sandbox.scripting.child import packed
from perfbench.sandbox.scripting.engine import (
    Closing,
    Program,
    ScriptLimits,
    Source,
    Value,
    checked_name,
    one_line,
    plain,
)

MIB = 1024**2
SMALLEST_REPLY = 64 * 1024


class IsolatedEngine(Closing):
    """An engine of that name in a child process, with limits that hold."""

    def __init__(self, name: str, limits: ScriptLimits) -> None:
        self.name = name
        self._limits = limits
        self._largest = max(SMALLEST_REPLY, limits.memory)
        self._functions: dict[str, Callable[..., Value]] = {}
        self._dropped: list[int] = []
        self._turn = threading.Lock()
        self._child: child_pool.Child | None = child_pool.take(name)
        self._child.limit(child_pool.STARTS_WITHIN)
        self._ask(["open", limits.seconds, limits.memory], child_pool.STARTS_WITHIN)
        self._child.limit(limits.seconds)

    def register(self, name: str, value: Value | Callable[..., Value]) -> None:
        checked_name(name)
        if callable(value):
            self._functions[name] = value
            self._ask(["function", name])
        else:
            self._ask(["register", name, plain(value, self.name)])

    def compile(self, source: Source) -> Program:
        dropped = self._dropped.copy()
        number = self._ask(["compile", packed(source), dropped])
        del self._dropped[: len(dropped)]
        return Program(self.name, source, _Code(number, self._dropped))

    def execute(self, program: Source | Program) -> Value:
        if not isinstance(program, Program):
            return self._value(["execute", packed(program)])
        if getattr(program.code, "dropped", None) is not self._dropped:
            raise ScriptError("the program was compiled by another engine", "compile it with this one")
        return self._value(["execute", program.code.number])

    def run(self, source: Source) -> Value:
        return self._value(["run", packed(source)])

    def close(self) -> None:
        with self._turn:
            child, self._child = self._child, None
        if child is not None:
            child_pool.give_back(child)

    def _value(self, request: list[Any]) -> Value:
        return plain(self._ask(request), self.name)

    def _ask(self, request: list[Any], seconds: float | None = None) -> Any:
        """What the child answers within its time. Raises ScriptError when it is an error, or none comes."""
        if not self._turn.acquire(blocking=False):
            raise ScriptError("the engine is busy with another script", "open an engine for each thread")
        try:
            if self._child is None:
                raise ScriptError("the engine is closed", "open another")
            return self._answer(self._child, request, seconds or self._limits.seconds)
        finally:
            self._turn.release()

    def _answer(self, child: child_pool.Child, request: list[Any], seconds: float) -> Any:
        deadline = time.monotonic() + seconds
        try:
            child.send(request)
            while True:
                kind, *rest = child.receive(self._largest, deadline)
                if kind == "value":
                    return rest[0]
                if kind == "error":
                    raise _SaidError(*map(str, rest))
                child.send(self._called(*rest))
        except _SaidError as error:
            raise ScriptError(one_line(error.message) or "the script failed", error.remedy) from None
        except wire.LateError:
            self._lose(child)
            raise ScriptError(
                f"the script ran past its limit of {seconds:g} s and was ended with its engine"
            ) from None
        except wire.ClosedError:
            self._child = None
            raise ScriptError(
                f"the script ended its interpreter ({child.last_words()})",
                f"that is how most end that need more memory than their limit, here {self._limits.memory / MIB:g} MiB",
            ) from None
        except BaseException:
            self._lose(child)
            raise

    def _called(self, name: str, arguments: list[Value]) -> list[Any]:
        """What a registered function answers the script. Its error is the script's, as a message."""
        try:
            return ["value", plain(self._functions[name](*arguments), self.name)]
        except Exception as error:  # whatever it raises is the script's to catch
            return ["error", one_line(str(error)) or type(error).__name__]

    def _lose(self, child: child_pool.Child) -> None:
        self._child = None
        child.end()


class _SaidError(Exception):
    """An error that the child has told of."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class _Code:
    """A program that the child holds; the child forgets it when the last reference here is gone."""

    def __init__(self, number: int, dropped: list[int]) -> None:
        self.number = number
        self.dropped = dropped

    def __del__(self) -> None:
        self.dropped.append(self.number)
