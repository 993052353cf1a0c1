"""The child process in which an engine's interpreter lives.

It is started as `python -m perfbench.sandbox.scripting.child NAME FD OWNER`, answers its owner's requests by turns
(wire.py), and ends when the owner is gone. Its time is limited from outside; its memory it limits itself, by the
kernel, beyond what the interpreter had when it was new.
"""

from __future__ import annotations

import base64
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from perfbench.errors import PerfbenchError, ScriptError
from perfbench.sandbox.scripting import interpreters, wire
from perfbench.sandbox.scripting.engine import Engine, Program, ScriptLimits, Source, Value

OWNER_IS_LATE = 1.0
"""Seconds past the limit after which a child whose owner has not ended it ends itself."""

RUNS_SCRIPTS = ("compile", "execute", "run")
"""The requests that may take for ever."""

PR_SET_PDEATHSIG = 1


class Memory:
    """The kernel's limit of this process's writable memory, where it has one (Linux)."""

    def __init__(self) -> None:
        self._set: Callable[[tuple[int, int]], None] | None = None
        self._free = self._limit = (-1, -1)
        if sys.platform == "linux":
            import resource  # noqa: PLC0415  (not on every platform)

            hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
            self._free = self._limit = (hard, hard)
            self._set = partial(resource.setrlimit, resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def allow(self, more: int) -> None:
        """Let this process have `more` bytes than it has now."""
        if self._set is not None:
            self._limit = (_data() + more, self._free[1])
            self._set(self._limit)

    def lift(self) -> None:
        """Lift the limit. Needs no memory itself: it is called where there is none."""
        if self._set is not None:
            self._set(self._free)

    def hold(self) -> None:
        """Set the same limit again, whatever the process has by now."""
        if self._set is not None:
            self._set(self._limit)


class Servant:
    """Serves one engine after another, never two at once."""

    def __init__(self, name: str, connection: socket.socket) -> None:
        self._name = name
        self._connection = connection
        self._engine: Engine | None = None
        self._limits = ScriptLimits()
        self._memory = Memory()
        self._programs: dict[int, Program] = {}
        self._last = 0

    def serve(self) -> None:
        """Answer requests until the owner is gone."""
        while True:
            request = wire.receive(self._connection)
            timed = request[0] in RUNS_SCRIPTS
            if timed:
                signal.setitimer(signal.ITIMER_REAL, self._limits.seconds + OWNER_IS_LATE)
            try:
                reply = self._reply(request)
                wire.send(self._connection, reply)
            except MemoryError:
                self._memory.lift()
                wire.send(self._connection, ["error", "out of memory"])
                self._memory.hold()
            if timed:
                signal.setitimer(signal.ITIMER_REAL, 0)

    def _reply(self, request: list[Any]) -> list[Any]:
        try:
            return ["value", getattr(self, f"_{request[0]}")(*request[1:])]
        except (wire.ClosedError, MemoryError):
            raise
        except PerfbenchError as error:
            return ["error", error.message, error.remedy]
        except Exception as error:  # an engine's surprise costs one script, not the engine
            return ["error", f"{type(error).__name__}: {error}"]

    def _open(self, seconds: float, memory: int) -> None:
        self._limits = ScriptLimits(seconds, memory)
        self._memory.lift()
        self._engine = interpreters.make(self._name, self._limits)
        self._memory.allow(memory + interpreters.SLACK.get(self._name, 0))

    def _reset(self) -> None:
        self._programs.clear()
        if self._engine is not None:
            self._engine.close()
        self._engine = None

    def _register(self, name: str, value: Value) -> None:
        self._now().register(name, value)

    def _function(self, name: str) -> None:
        self._now().register(name, self._calling(name))

    def _compile(self, source: list[str], dropped: list[int]) -> int:
        for number in dropped:
            self._programs.pop(number, None)
        program = self._now().compile(unpacked(source))
        self._last += 1
        self._programs[self._last] = program
        return self._last

    def _execute(self, program: int | list[str]) -> Value:
        return self._now().execute(self._programs[program] if isinstance(program, int) else unpacked(program))

    def _run(self, source: list[str]) -> Value:
        return self._now().run(unpacked(source))

    def _calling(self, name: str) -> Callable[..., Value]:
        def call(*arguments: Value) -> Value:
            wire.send(self._connection, ["call", name, list(arguments)])
            kind, value = wire.receive(self._connection)
            if kind == "error":
                raise RuntimeError(value)
            found: Value = value
            return found

        return call

    def _now(self) -> Engine:
        if self._engine is None:
            raise ScriptError("no engine is open")
        return self._engine


def packed(source: Source) -> list[str]:
    """A script as it goes over the wire."""
    return ["text", source] if isinstance(source, str) else ["bytes", base64.b64encode(source).decode()]


def unpacked(source: list[str]) -> Source:
    """A script as it came over the wire."""
    kind, content = source
    return content if kind == "text" else base64.b64decode(content)


def main(name: str, descriptor: str, owner: str) -> None:
    """Serve engines called `name` over an inherited socket. `owner` is the pid to end with, 0 for none."""
    _end_with(int(owner))
    interpreters.load(name)
    with socket.socket(fileno=int(descriptor)) as connection:
        with suppress(wire.ClosedError, ScriptError):
            Servant(name, connection).serve()
        os._exit(0)  # threads of an interpreter have nothing to say any more


def _end_with(owner: int) -> None:
    """Have the kernel kill this process when its owner's main thread, which has started it, ends."""
    if owner and sys.platform == "linux":
        import ctypes  # noqa: PLC0415  (only a child that is guarded pays for it)

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != owner:
            sys.exit("the owner is gone")


def _data() -> int:
    """Bytes of writable memory that this process has, as RLIMIT_DATA counts them."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmData:")[2].split(maxsplit=1)[0]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
