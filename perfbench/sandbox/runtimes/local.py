"""What all sandboxes made by this very process, without an engine, have in common.

Each has a private directory of the host, whose `tmp` is the sandbox's /tmp: commands run there, and files are
copied in and out by it. Each idles on a pipe that this process holds open and never writes to: when the
process is gone, however it went, the pipe ends and the sandbox with it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes import copying, remains
from perfbench.sandbox.runtimes.ownership import Owner
from perfbench.sandbox.runtimes.runtime import ExecResult

GONE_WITHIN = 10.0
"""Seconds after which something that was killed and is still there counts as an error."""


class State(Enum):
    """How far a sandbox has come."""

    CREATED = "has not been started"
    RUNNING = "runs"
    STOPPED = "has been stopped"
    REMOVED = "has been removed"


class LocalSandbox(ABC):
    """A sandbox with a directory of its own on the host."""

    file_owner: tuple[int, int] | None = None
    """(uid, gid) on the host that files copied in belong to; None for the caller's own."""

    def __init__(self, driver: str) -> None:
        self.directory = remains.claim(driver)
        self.tmp = self.directory / "tmp"
        self._state = State.CREATED
        _hold(self)

    @property
    def id(self) -> str:
        return self.directory.name

    @property
    def cgroup(self) -> Path | None:
        self._require_running()
        return None

    def start(self) -> None:
        if self._state is not State.CREATED:
            raise SandboxError(f"the sandbox {self.id} {self._state.value} and cannot be started")
        self._launch()
        self._state = State.RUNNING

    def exec(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> ExecResult:
        self._require_running()
        return self._run(argv, stdin, timeout)

    def stop(self) -> None:
        if self._state is State.REMOVED:
            return
        self._halt()
        if self._state is State.RUNNING:
            self._state = State.STOPPED

    def remove(self) -> None:
        if self._state is State.REMOVED:
            return
        self.stop()
        self._clear()
        remains.discard(self.directory)
        self._state = State.REMOVED
        _held.discard(self)

    def copy_in(self, source: Path, target: str) -> None:
        self._require_running()
        copying.copy_in(self.tmp, source, target, owner=self.file_owner)

    def copy_out(self, source: str, target: Path) -> None:
        self._require_running()
        copying.copy_out(self.tmp, source, target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _require_running(self) -> None:
        if self._state is not State.RUNNING:
            raise SandboxError(f"the sandbox {self.id} {self._state.value}")

    @property
    @abstractmethod
    def pid(self) -> int: ...

    @abstractmethod
    def _launch(self) -> None:
        """Bring it from created to running."""

    @abstractmethod
    def _run(self, argv: Sequence[str], stdin: bytes, timeout: float | None) -> ExecResult:
        """Run a command in it."""

    @abstractmethod
    def _halt(self) -> None:
        """Kill all of it and wait; harmless when nothing runs, and when `_launch` was broken off."""

    def _clear(self) -> None:  # noqa: B027  (most have nothing beside their directory)
        """Remove what it has beside its directory; it does not run any more."""


_held: set[LocalSandbox] = set()
_holder: list[Owner] = []
_lock = threading.Lock()


def _hold(sandbox: LocalSandbox) -> None:
    """Remember what has to go when this process ends."""
    owner = Owner.current()
    with _lock:
        if _holder != [owner]:  # the first sandbox, or the first after a fork: the parent's are not ours
            _holder[:] = [owner]
            _held.clear()
            atexit.register(_remove_held, os.getpid())
        _held.add(sandbox)


def _remove_held(pid: int) -> None:
    if os.getpid() != pid:
        return
    for sandbox in list(_held):
        with contextlib.suppress(SandboxError):  # the next sweep tries again and says what is wrong
            sandbox.remove()
    with contextlib.suppress(SandboxError):
        remains.remove_tree(remains.home(_holder[0]))
