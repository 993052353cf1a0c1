"""The control group hierarchies of this machine: what a new group in them can be limited by.

Three layouts exist: v2 alone, v1 alone, and hybrid (v1 controllers, with a v2 hierarchy beside them that has
none).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from functools import cache
from pathlib import Path

from perfbench.errors import SandboxError

MOUNT = Path("/sys/fs/cgroup")
UNIFIED = MOUNT / "unified"
GONE_WITHIN = 10.0
"""Seconds after which a group that cannot be removed counts as an error."""


def is_v2() -> bool:
    """Whether v2 alone is in use."""
    return (MOUNT / "cgroup.controllers").exists()


def is_hybrid() -> bool:
    """Whether a v2 hierarchy is mounted beside v1 controllers."""
    return (UNIFIED / "cgroup.controllers").exists()


@cache
def controllers() -> frozenset[str]:
    """The controllers that a new group can be limited by: memory, cpu, pids, …"""
    try:
        if is_v2():
            return frozenset((MOUNT / "cgroup.controllers").read_text().split())
        return frozenset(place.name for place in MOUNT.iterdir() if (place / "cgroup.procs").exists())
    except OSError:
        return frozenset()


@cache
def has_swap_limit() -> bool:
    """Whether memory and swap can be limited together."""
    if is_v2():
        return any(MOUNT.glob("*/memory.swap.max"))
    return (MOUNT / "memory/memory.memsw.limit_in_bytes").exists()


def remove_groups(name: str) -> None:
    """Remove the top-level groups called `name` from every hierarchy; harmless if there are none.

    What still runs in them is killed: a runtime that was broken off half-way, or has lost its own notes,
    forgets it. Raises SandboxError when a group stays.
    """
    deadline = time.monotonic() + GONE_WITHIN
    places = [MOUNT] if is_v2() else [*MOUNT.iterdir()]
    while groups := [place / name for place in places if (place / name).is_dir()]:
        if time.monotonic() > deadline:
            raise SandboxError(f"the cgroup {groups[0]} cannot be removed", "`perfbench clean` tries again")
        for group in groups:
            for below in sorted((*group.glob("**/"), group), reverse=True):
                _remove_group(below)
        time.sleep(0.001)


def _remove_group(group: Path) -> None:
    with contextlib.suppress(OSError, ValueError):  # the loop above looks whether it is gone
        for pid in (group / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
    with contextlib.suppress(OSError):
        group.rmdir()
