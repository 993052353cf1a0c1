"""Run one program on the host to its end: bytes in, bytes out, nothing left after a timeout or Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes.runtime import ExecResult

COMMAND_NOT_FOUND = 127
COMMAND_NOT_RUNNABLE = 126
ENDS_WITHIN = 0.2
"""Seconds that a program is given to end by itself once all that descends from it has been killed."""


def run(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    timeout: float | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    process_group: int = 0,
) -> ExecResult:
    """Run `argv` until it has ended and its output is closed.

    It runs in a process group of its own (or in `process_group`), so that the terminal's Ctrl-C reaches the
    caller alone. Death by signal n gives exit code 128 + n, as a shell has it. Raises SandboxError after
    `timeout` seconds, and OSError when the program cannot be started.
    """
    # Popen's own `with` would wait for the program when Ctrl-C arrives; it has to be killed first.
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=env,
        process_group=process_group,
    )
    try:
        stdout, stderr = process.communicate(stdin or None, timeout)
    except subprocess.TimeoutExpired:
        _kill_tree(process)
        raise SandboxError(f"`{argv[0]}` did not end within {timeout:g} s and was killed") from None
    except BaseException:
        _kill_tree(process)
        raise
    code = process.returncode
    return ExecResult(code if code >= 0 else 128 - code, stdout, stderr)


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and all that descends from it, and let go of its pipes.

    A program like `runc exec` or nsenter ends with the command that it carried into a sandbox, and reaps it.
    So the command goes first: were its carrier gone, it would be left to a stranger to reap, and until then
    the kernel holds up the end of the sandbox's pid namespace.
    """
    descendants = _descendants(process.pid)
    for pid in [pid for pid in descendants if _is_in_sandbox(pid)] or descendants:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(ENDS_WITHIN)
    process.kill()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()


def _descendants(pid: int) -> list[int]:
    """All that descends from a process, the nearest first."""
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415  (only where there is no /proc)

        try:
            return [child.pid for child in psutil.Process(pid).children(recursive=True)]
        except psutil.Error:
            return []
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            children[int(fields[1])].append(int(stat.parent.name))
    found = [pid]
    for parent in found:  # grows while it is walked
        found += children[parent]
    return found[1:]


def _is_in_sandbox(pid: int) -> bool:
    """Whether a process has another pid namespace than ours (never, where there are none)."""
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink() != Path("/proc/self/ns/pid").readlink()
    except OSError:
        return False
