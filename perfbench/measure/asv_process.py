"""asv as a child: what it says is heard line by line, and nothing of it lives on, whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from perfbench.measure.program import drained, guard

_LAST_LINES = 50
"""So many lines are kept of what it said."""

_LONGEST_LINE = 2000

_TIME_TO_END = 10.0
"""Seconds in which asv and its benchmark may clean up after Ctrl-C."""


def run_asv(
    argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], say: Callable[[str], None]
) -> tuple[int, list[str]]:
    """Run a program of asv's to its end; returns its exit code and the last lines of what it said.

    Each line goes to `say` as it comes. asv gives every program that it starts a process group of its own; all
    of them are of one session, which is ended as a whole, after a while to clean up on Ctrl-C, and by the
    kernel's word when this process is killed.
    """
    process = subprocess.Popen(
        (*guard(), *argv),
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    lines, reader = _Lines(say), None
    try:
        reader = drained(process.stdout, lines.take)
        code = process.wait()
    except KeyboardInterrupt:
        _signal_session(process.pid, signal.SIGINT, leader=not guard())
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(_TIME_TO_END)
        raise
    finally:
        _signal_session(process.pid, signal.SIGKILL, leader=True)
        process.wait()
        if reader is not None:
            reader.join(_TIME_TO_END)  # nobody holds its output open any more
    lines.end()
    return code, list(lines.last)


class _Lines:
    """What it says, cut into lines; the dots that it prints while something takes long belong to one."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.last: deque[str] = deque(maxlen=_LAST_LINES)
        self._say = say
        self._begun = b""

    def take(self, chunk: bytes) -> None:
        *whole, self._begun = (self._begun + chunk).split(b"\n")
        for line in whole:
            self._tell(line)
        self._begun = self._begun[:_LONGEST_LINE]

    def end(self) -> None:
        if self._begun:
            self._tell(self._begun)

    def _tell(self, line: bytes) -> None:
        text = line[:_LONGEST_LINE].decode("utf-8", "replace").rstrip()
        self.last.append(text)
        self._say(text)


def _signal_session(session: int, number: signal.Signals, *, leader: bool) -> None:
    """Send a signal to every process of a session; to its leader, the guard, only if asked."""
    import psutil  # noqa: PLC0415  (25 ms)

    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == session and (leader or pid != session):
                os.kill(pid, number)
