"""asv as a child: what it says is heard line by line, and nothing of it lives on, whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from perfbench.measure.program import guard

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
    last: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        for line in _lines(process):
            last.append(line)
            say(line)
        return process.wait(), list(last)
    except KeyboardInterrupt:
        _signal_session(process.pid, signal.SIGINT, leader=not guard())
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(_TIME_TO_END)
        raise
    finally:
        _signal_session(process.pid, signal.SIGKILL, leader=True)
        process.wait()


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """What it says, line by line; the dots that it prints while something takes long belong to one."""
    stream = process.stdout
    if stream is None:
        raise RuntimeError("asv is started with a pipe")
    with stream:
        while line := stream.readline(_LONGEST_LINE):
            yield line.decode("utf-8", "replace").rstrip()


def _signal_session(session: int, number: signal.Signals, *, leader: bool) -> None:
    """Send a signal to every process of a session; to its leader, the guard, only if asked."""
    import psutil  # noqa: PLC0415  (25 ms)

    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == session and (leader or pid != session):
                os.kill(pid, number)
