"""One program run to its end: a process group of its own, a time limit, and output that stays bounded."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from perfbench.errors import PerfbenchError

KEPT = 32 * 1024
"""So many bytes of what a program says are kept from the beginning, and as many from the end."""

MOST_CAPTURED = 128 * 1024**2
"""A program whose output is its result may print so many bytes; no reader takes a larger file."""

CUT = b"\n[...]\n"

# Runs a program and ends as it does. When perfbench dies, however it dies, the kernel says so (prctl 1), and
# the whole session goes: programs put their own children into groups of their own (asv does). It sleeps
# meanwhile, so that it is no noise.
_GUARD = """
import ctypes, os, signal, sys

def end(*_):
    me = os.getpid()
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            if pid != me and os.getsid(pid) == me:
                os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    os.killpg(0, signal.SIGKILL)

signal.signal(signal.SIGTERM, end)
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit("perfbench is gone")
reset = [signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ]
try:
    child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, setsigdef=reset)
except OSError as error:
    sys.exit(f"{sys.argv[2]} cannot be run: {error.strerror}")
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if code < 0:
    if code != -signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


class ProgramFailedError(PerfbenchError):
    """A program that ran to no good end. `said` is what is kept of its output."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class ProgramMissingError(PerfbenchError):
    """There is no such program, or the folder to run it in is not there."""


def run_program(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout: float,
    captured: Path | None = None,
    prefix: Sequence[str] = (),
) -> str:
    """Run `argv` and return what it said, stdout and stderr as they came, cut in the middle.

    With `captured`, stdout goes to that file instead. `prefix` is put before the program, once that is found
    on `environment`'s PATH. Nothing of its process group lives on afterwards, whatever happens. Raises
    ProgramMissingError, and ProgramFailedError for a timeout (seconds), an exit code other than 0 and an
    output that is too large.
    """
    program = _found(argv[0], cwd, environment)
    command = (*guard(), *prefix, program, *argv[1:])
    both = subprocess.STDOUT if captured is None else subprocess.PIPE
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=both,
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramMissingError(f"{argv[0]} cannot be run: {error.strerror}") from None
    said = Said()
    with contextlib.ExitStack() as stack:
        stack.callback(end_group, process)
        readers = [drained(process.stderr or process.stdout, said.take)]
        large = threading.Event()
        if captured is not None:
            file = stack.enter_context(captured.open("wb"))
            readers.append(drained(process.stdout, _Capture(file, large, process).take))
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ProgramFailedError(
                f"ran past its timeout of {timeout:g} s and was killed", said.text()
            ) from None
        end_group(process)  # what it left running would hold its output open
        for reader in readers:
            reader.join(10.0)
    if large.is_set():
        raise ProgramFailedError(
            f"printed more than {MOST_CAPTURED // 1024**2} MiB and was killed", said.text()
        )
    if code:
        raise ProgramFailedError(_ended(code, said.text()), said.text())
    return said.text()


def guard() -> Sequence[str]:
    """What to put before a program that leads a group, so that the group is killed when this process dies.

    Nothing where the kernel cannot help.
    """
    if sys.platform != "linux":
        return ()
    return (sys.executable, "-I", "-S", "-c", _GUARD, str(os.getpid()))


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads a group, with all of the group; harmless once they have ended."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Said:
    """The beginning and the end of a stream."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._cut = False

    def take(self, chunk: bytes) -> None:
        room = KEPT - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > KEPT:
            self._cut = True
            del self._tail[:-KEPT]

    def text(self) -> str:
        return (bytes(self._head) + (CUT if self._cut else b"") + bytes(self._tail)).decode(errors="replace")


class _Capture:
    """Writes a stream to a file, and ends the process whose stream has no end."""

    def __init__(self, file: IO[bytes], large: threading.Event, process: subprocess.Popen[bytes]) -> None:
        self._file = file
        self._large = large
        self._process = process
        self._room = MOST_CAPTURED

    def take(self, chunk: bytes) -> None:
        self._room -= len(chunk)
        if self._room >= 0:
            self._file.write(chunk)
        elif not self._large.is_set():
            self._large.set()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def drained(stream: IO[bytes] | None, take: Callable[[bytes], None]) -> threading.Thread:
    """A thread that empties a pipe, so that a program that says much never waits for us."""
    if stream is None:
        raise RuntimeError("a program is started with pipes")

    def drain(stream: IO[bytes] = stream) -> None:
        with contextlib.suppress(OSError, ValueError), stream:
            while chunk := os.read(stream.fileno(), 1 << 16):
                take(chunk)

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    return thread


def _found(name: str, cwd: Path, environment: Mapping[str, str]) -> str:
    if not cwd.is_dir():
        raise ProgramMissingError(f"there is no folder {cwd}")
    path = str(cwd / name) if os.sep in name else name
    program = shutil.which(path, path=environment.get("PATH"))
    if program is None:
        raise ProgramMissingError(f"{name}: command not found")
    return program


def _ended(code: int, said: str) -> str:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"{how}: {lines[-1][:200]}" if lines else how
