"""Whose sandbox is it? A label that names its owner, and whether that owner still lives.

A process id alone is not enough: it is used again after a while and after a boot. Boot id, pid and
start time together name one process for ever.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

LABEL = "perfbench.owner"
"""Key of the label on everything that a driver starts."""


PROC = Path("/proc/self/stat")
"""There on Linux; elsewhere psutil knows about processes."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One process of one boot.

    `namespace` is its pid namespace, 0 where there are none; `started` is in clock ticks since that boot
    (field 22 of /proc/PID/stat) on Linux.
    """

    boot: str
    namespace: int
    pid: int
    started: int

    @classmethod
    def current(cls) -> Self:
        """The process that calls."""
        pid = os.getpid()
        return cls(_boot_id(), _pid_namespace(), pid, start_time(pid) or 0)

    @classmethod
    def parse(cls, label: str) -> Self | None:
        """Read a label back; None when it is not one of ours."""
        boot, *numbers = label.split("/")
        if len(numbers) != 3 or not all(number.isdecimal() and number.isascii() for number in numbers):
            return None
        namespace, pid, started = map(int, numbers)
        return cls(boot, namespace, pid, started)

    def __str__(self) -> str:
        return f"{self.boot}/{self.namespace}/{self.pid}/{self.started}"

    def alive(self) -> bool:
        """Whether that very process still runs on this boot.

        A process of another pid namespace, such as a neighbouring CI container that shares the engine's
        socket, cannot be looked at from here: it counts as alive, so that nothing of its is ever swept.
        """
        if self.boot != _boot_id():
            return False
        return self.namespace != _pid_namespace() or start_time(self.pid) == self.started


def start_time(pid: int) -> int | None:
    """Start time of a process, comparable for equality only; None when there is no such process (or a zombie)."""
    if PROC.exists():
        try:
            text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            return None
        # The command name, in parentheses, may hold spaces and parentheses of its own.
        fields = text.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else int(fields[19])
    import psutil  # noqa: PLC0415  (only where there is no /proc)

    try:
        return int(psutil.Process(pid).create_time() * 1000)
    except psutil.Error:
        return None


@cache
def _pid_namespace() -> int:
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0


@cache
def _boot_id() -> str:
    if PROC.exists():
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    import psutil  # noqa: PLC0415

    return str(int(psutil.boot_time()))
