"""The child processes of this process: started, asked, killed, and kept for the next engine of their kind.

A child ends with its owner, whatever ends that: the kernel kills it (if the owner's main thread started it), it
finds its socket closed, or, in the midst of a script, its own timer ends it.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting import wire
from perfbench.sandbox.scripting.interpreters import KINDS

KEPT = 2
"""So many idle children of each kind are kept."""

STARTS_WITHIN = 60.0
RESETS_WITHIN = 2.0
MODULE = "perfbench.sandbox.scripting.child"

_lock = threading.Lock()
_alive: set[Child] = set()
_idle: dict[tuple[int, str], list[Child]] = {}
"""By owner and kind: a process that is forked off has none of its parent's."""


class Child:
    """One child process. It is asked by turns; what it does not answer in time it pays for with its life."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.owner = os.getpid()
        mine, theirs = socket.socketpair()
        self.connection = mine
        guarded = threading.current_thread() is threading.main_thread()
        try:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    MODULE,
                    name,
                    str(theirs.fileno()),
                    str(self.owner if guarded else 0),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_environment(),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # the terminal's Ctrl-C is not its business, and what it starts goes with it
            )
        except BaseException:
            mine.close()
            raise
        finally:
            theirs.close()
        with _lock:
            _alive.add(self)

    def limit(self, seconds: float) -> None:
        """Wait no longer than this for each of its answers. Raises ClosedError when it has ended."""
        try:
            wire.limit(self.connection, seconds)
        except OSError as error:
            raise wire.ClosedError from error

    def send(self, message: list[Any]) -> None:
        """Send a message. Raises ClosedError when the child has ended."""
        wire.send(self.connection, message)

    def receive(self, largest: int, deadline: float) -> list[Any]:
        """Its next message. Raises as wire.receive does."""
        return wire.receive(self.connection, largest=largest, deadline=deadline)

    def end(self) -> int:
        """Kill it with all that it has started, and wait for it; harmless the second time. Gives its exit code."""
        with _lock:
            _alive.discard(self)
        self.connection.close()
        if self.owner != os.getpid():
            return 0
        if self.process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    def last_words(self) -> str:
        """How it came to end by itself, for one whose socket is closed."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(RESETS_WITHIN)
        code = self.end()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def take(name: str) -> Child:
    """An idle child of that kind, or a new one. Raises ScriptError when none can be started."""
    with _lock:
        kept = _idle.get((os.getpid(), name), [])
        while kept:
            child = kept.pop()
            if child.process.poll() is None:
                return child
            _alive.discard(child)
            child.connection.close()
    try:
        return Child(name)
    except OSError as error:
        raise ScriptError(f"no process can be started for {name}: {error.strerror}") from error


def give_back(child: Child) -> None:
    """Keep a child whose engine is closed for the next one, or end it."""
    if child.owner == os.getpid() and KINDS[child.name].reusable:
        with suppress(wire.ClosedError, wire.LateError, ScriptError):
            child.limit(RESETS_WITHIN)
            child.send(["reset"])
            if child.receive(1024, time.monotonic() + RESETS_WITHIN) == ["value", None]:
                with _lock:
                    kept = _idle.setdefault((os.getpid(), child.name), [])
                    if len(kept) < KEPT:
                        kept.append(child)
                        return
    child.end()


@atexit.register
def end_all() -> None:
    """End every child of this process, idle or not."""
    with _lock:
        children = [child for child in _alive if child.owner == os.getpid()]
        _idle.clear()
    for child in children:
        child.end()


def _environment() -> dict[str, str]:
    """What a child needs to find this package and the libraries, and nothing else of the owner's."""
    places = [str(Path(place).absolute()) for place in sys.path]
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(places)}
