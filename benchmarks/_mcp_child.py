"""A server that a benchmark starts: a group of its own that never outlives this process, however that ends.

A watcher, one for each process, hears of every group. When this process is gone, its pipe to the watcher
ends, and the watcher ends what is left: it asks, and kills what has not gone after a while. So nothing stands
between a server and the clock.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO

PATIENCE = 5.0
"""Seconds that a server is given to end once it has been told to."""
KEPT = 4096
"""So many bytes are kept of the end of what a server says on stderr."""

_WATCHER = """
import os, signal, sys, time
groups = set()
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))

def tell(number):
    for group in list(groups):
        try:
            os.killpg(group, number)
        except OSError:
            groups.discard(group)

tell(signal.SIGTERM)
end = time.monotonic() + float(sys.argv[1])
while groups and time.monotonic() < end:
    time.sleep(0.02)
    tell(0)
tell(signal.SIGKILL)
"""

_watchers: dict[int, subprocess.Popen[bytes]] = {}
"""By process: a forked child has its parent's in it too, and needs its own."""


def watch() -> subprocess.Popen[bytes]:
    """The watcher of this process, started on first use: do that before the clock."""
    pid = os.getpid()
    if pid not in _watchers:
        _watchers[pid] = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WATCHER, str(PATIENCE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        atexit.register(_dismiss, pid)
    return _watchers[pid]


def _dismiss(pid: int) -> None:
    if pid == os.getpid() and pid in _watchers:
        watcher = _watchers.pop(pid)
        _close(watcher.stdin)
        watcher.wait()


class Child:
    """A running server: `stdin` and `stdout` are pipes without buffers, what it says on stderr is drained."""

    def __init__(self, argv: Sequence[str], *, folder: str, environment: Mapping[str, str]) -> None:
        """Start it. Raises NotImplementedError, asv's way to skip, where there is no such program."""
        self._watcher = watch()
        try:
            self.process = subprocess.Popen(
                list(argv),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise NotImplementedError(f"{argv[0]} cannot be run in {folder}: {error.strerror}") from None
        self._tell("+")
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin: IO[bytes] = self.process.stdin
        self.stdout: IO[bytes] = self.process.stdout
        self._tail = b""
        self._drain = threading.Thread(target=self._keep_tail, daemon=True)
        self._drain.start()

    def fate(self) -> str:
        """How it ended, in words, with the last line that it said; to be asked once its stdout has ended."""
        try:
            code = self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "closed its stdout"
        self._drain.join(1.0)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        lines = [line for line in self._tail.decode(errors="replace").splitlines() if line.strip()]
        return f"{how}: {lines[-1].strip()[:200]}" if lines else how

    def close(self, *, told_by: int | None = None) -> None:
        """End it and all of its group; harmless the second time.

        It is told by the end of its stdin and, with `told_by`, by that signal; killed if it does not listen.
        """
        _close(self.stdin)
        if told_by is not None and self.process.poll() is None:
            self.process.send_signal(told_by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._tell("-")
        self._drain.join(1.0)
        _close(self.stdout)
        _close(self.process.stderr)

    def _tell(self, sign: str) -> None:
        assert self._watcher.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # a watcher that is gone watches nothing
            self._watcher.stdin.write(f"{sign}{self.process.pid}\n".encode())

    def _keep_tail(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(stream.fileno(), 1 << 16):
                self._tail = (self._tail + chunk)[-KEPT:]


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.close()
