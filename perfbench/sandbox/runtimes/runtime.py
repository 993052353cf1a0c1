"""The Protocol that every container runtime serves.

A `Runtime` makes sandboxes; a `Sandbox` is one of them and goes through create, start, exec, stop and
remove. All argument vectors are lists; nothing here passes a string to a shell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a runtime can be used on this machine.

    Absent ones carry the `reason` ("runc is not installed") and the `remedy` ("apt-get install runc").
    """

    available: bool
    version: str = ""
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sandbox may use; None leaves the driver's safest default.

    `memory` in bytes, `cpus` in cores, `pids` in processes. `network` False cuts the sandbox off,
    True asks for a network, None takes the default: cut off wherever the runtime can.
    """

    memory: int | None = None
    cpus: float | None = None
    pids: int | None = None
    network: bool | None = None


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command in a sandbox did."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class Sandbox(Protocol):
    """One sandbox. Leaving its `with` block removes it, whatever state it is in."""

    @property
    def id(self) -> str:
        """The runtime's own name for it."""
        ...

    def start(self) -> None:
        """Start it; returns when the runtime says that it runs.

        Raises SandboxError when it does not.
        """
        ...

    def exec(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> ExecResult:
        """Run a command inside and wait for it.

        Its working directory is `/tmp`. A command that cannot be found gives exit code 127 or 126, not
        an exception. Raises SandboxError when the sandbox does not run or `timeout` (seconds) has passed;
        the command is then killed.
        """
        ...

    def stop(self) -> None:
        """Kill everything in it at once, without a grace period, and wait until it is gone.

        Harmless when it does not run.
        """
        ...

    def remove(self) -> None:
        """Stop it if it runs and remove every trace; harmless the second time."""
        ...

    def copy_in(self, source: Path, target: str) -> None:
        """Copy the regular file `source` of the host to the absolute path `target` inside, which is replaced.

        `target` lies beneath `/tmp`, in a directory that exists. The sandbox must be running.
        """
        ...

    def copy_out(self, source: str, target: Path) -> None:
        """Copy the regular file at the absolute path `source` inside to `target` on the host, which is replaced."""
        ...

    @property
    def pid(self) -> int:
        """Process id on the host of the sandbox's first process. Raises SandboxError when it does not run."""
        ...

    @property
    def cgroup(self) -> Path | None:
        """Directory of the sandbox's memory cgroup on the host (v1) or its cgroup (v2).

        None where the runtime makes no cgroup of its own. Raises SandboxError when it does not run.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Runtime(Protocol):
    """Makes sandboxes of one kind."""

    @property
    def name(self) -> str:
        """As users and benchmark params name it: `process`, `bubblewrap`, `runc`, `docker:runc`, …"""
        ...

    def availability(self) -> Availability:
        """Look, without side effects and within a few seconds; never raises."""
        ...

    def create(self, *, limits: Limits = Limits()) -> Sandbox:
        """Make a sandbox that idles once started, ready for `exec`.

        It has a POSIX `sh` and the usual small tools (true, cat, ls, head, sleep), a writable `/tmp`
        and carries its owner's label. Raises RuntimeUnavailableError when the runtime is absent,
        LimitNotEnforceableError for a limit that it cannot hold, SandboxError when the engine refuses.
        """
        ...

    def create_cold(self, *, limits: Limits = Limits()) -> Sandbox:
        """Like `create`, from an image that this machine has never started: its first start is a cold one.

        The image comes before this call returns and goes with the sandbox. Raises
        RuntimeUnavailableError where the runtime has no images.
        """
        ...

    def sweep(self) -> list[str]:
        """Remove what was left by owners that are dead, and only that; returns the ids removed.

        Raises SandboxError when something that must go cannot be removed.
        """
        ...
