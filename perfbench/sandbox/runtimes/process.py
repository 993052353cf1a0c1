"""`process`: a plain process of the host. The embedded default: always there, on Linux and macOS.

It keeps commands together so that they can be killed together, and gives them a directory and a clean
environment. It isolates nothing and enforces no limit: what runs in it can do what its user can do. Its /tmp
is `$SANDBOX/tmp` on the host: commands run there, so a file copied to `/tmp/x` is `x` for them.
"""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import attached, remains
from perfbench.sandbox.runtimes.local import GONE_WITHIN, LocalSandbox
from perfbench.sandbox.runtimes.ownership import start_time
from perfbench.sandbox.runtimes.runtime import Availability, ExecResult, Limits

NAME = "process"
YOUNG = 1.0
"""Seconds of a sandbox's life in which the host's process ids cannot have come round to where they were."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ProcessRuntime:
    """Makes sandboxes that are process groups of the host."""

    name = NAME

    def availability(self) -> Availability:
        return Availability(True, version=f"{platform.system()} {platform.release()}")

    def create(self, *, limits: Limits = Limits()) -> ProcessSandbox:
        refuse_limits(self.name, limits)
        if limits.network is False:
            raise LimitNotEnforceableError("`process` cannot cut a command off from the network")
        return ProcessSandbox(NAME)

    def create_cold(self, *, limits: Limits = Limits()) -> ProcessSandbox:  # noqa: ARG002
        raise RuntimeUnavailableError("`process` has no images, so no start of it is a cold one")

    def sweep(self) -> list[str]:
        removed = []
        for directory in remains.abandoned(NAME):
            _kill_members(directory)
            remains.discard(directory)
            removed.append(directory.name)
        return removed


class ProcessSandbox(LocalSandbox):
    """A process group: `cat`, which idles, and every command run in it."""

    _idle: subprocess.Popen[bytes] | None = None
    _begun = 0.0

    @property
    def pid(self) -> int:
        self._require_running()
        return self._leader().pid

    def _launch(self) -> None:
        self._begun = time.monotonic()
        try:
            self._idle = subprocess.Popen(
                ["cat"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.tmp,
                env=self._environment(),
                process_group=0,
            )
        except OSError as error:
            raise SandboxError(f"cannot start `cat` in {self.tmp}: {error.strerror}") from error

    def _run(self, argv: Sequence[str], stdin: bytes, timeout: float | None) -> ExecResult:
        leader = self._leader()
        try:
            return attached.run(
                argv,
                stdin=stdin,
                timeout=timeout,
                cwd=self.tmp,
                env=self._environment(),
                process_group=leader.pid,
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            if not self.tmp.is_dir():
                raise SandboxError(f"the sandbox {self.id} has lost its directory") from error
            return ExecResult(attached.COMMAND_NOT_FOUND, b"", f"{argv[0]}: not found\n".encode())
        except OSError as error:
            self._leader()  # raises if that is why
            return ExecResult(attached.COMMAND_NOT_RUNNABLE, b"", f"{argv[0]}: {error.strerror}\n".encode())

    def _halt(self) -> None:
        if self._idle is None:
            return
        # The group's number stays taken until its leader is waited for, so no one else can be hit.
        if self._idle.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._idle.pid, signal.SIGKILL)
        if self._idle.stdin is not None:
            self._idle.stdin.close()
        self._idle.wait()
        first, self._idle = self._idle.pid, None
        young = time.monotonic() - self._begun < YOUNG
        _kill_members(self.directory, first if young and not _came_round(first) else 0)

    def _leader(self) -> subprocess.Popen[bytes]:
        # Looked at, not polled: a leader that was waited for would set the group's number free.
        if self._idle is None or start_time(self._idle.pid) is None:
            raise SandboxError(f"the sandbox {self.id} has died")
        return self._idle

    def _environment(self) -> dict[str, str]:
        return {"PATH": PATH, "HOME": str(self.tmp), "LANG": "C.UTF-8", "SANDBOX": str(self.directory)}


def refuse_limits(name: str, limits: Limits) -> None:
    """Raise LimitNotEnforceableError for any limit that takes a cgroup; for runtimes that make none."""
    for limit in ("memory", "cpus", "pids"):
        if getattr(limits, limit) is not None:
            raise LimitNotEnforceableError(
                f"`{name}` cannot hold a limit of {limit}", "use an OCI runtime or Docker"
            )


def _came_round(first: int) -> bool:
    """Whether process ids began again from below since that of `first` was given."""
    try:
        return int(Path("/proc/loadavg").read_bytes().split()[-1]) < first
    except (OSError, ValueError):
        return True


def _kill_members(directory: Path, first: int = 0) -> None:
    """Kill what still runs in the sandbox of `directory`, wherever it has moved, and wait until it is gone.

    `first` is the lowest process id that a member can have: looking at every process of the host takes longer
    than all else that a sandbox's end does.

    Members are known by the variable SANDBOX, which they inherit, or by working beneath the directory; so
    also those are found that left the process group.
    """
    deadline = time.monotonic() + GONE_WITHIN
    while members := _members(directory, first):
        if time.monotonic() > deadline:
            raise SandboxError(
                f"processes {members} of {directory.name} do not die", "kill them as the user who owns them"
            )
        for pid in members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)


def _members(directory: Path, first: int) -> list[int]:
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415  (only where there is no /proc)

        processes = psutil.process_iter(["environ"])
        place = str(directory)
        return [one.pid for one in processes if (one.info["environ"] or {}).get("SANDBOX") == place]
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208  (quicker)
    return [pid for pid in pids if pid >= first and pid != os.getpid() and _is_member(pid, directory)]


def _is_member(pid: int, directory: Path) -> bool:
    place = os.fsencode(directory)
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:  # noqa: PTH123  (quicker)
            if b"SANDBOX=" + place in file.readall().split(b"\0"):
                return True
        work = os.fsencode(os.readlink(f"/proc/{pid}/cwd"))  # noqa: PTH115  (quicker)
    except OSError:
        return False
    return work == place or work.startswith(place + b"/")
