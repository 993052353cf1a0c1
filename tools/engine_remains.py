"""What a killed engine leaves behind (processes, control groups, folders): finding it and ending it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Collection, Sequence
from pathlib import Path

HOST_FOLDERS = ("/opt/containerd", "/run/containerd", "/run/docker")
"""What containerd and dockerd make outside the folder they are told to live in."""
DAEMON_PROGRAMS = ("dockerd", "containerd", "containerd-shim-runc-v2")
END_TIMEOUT = 10.0


def processes(home: Path, programs: Collection[str] = DAEMON_PROGRAMS) -> list[int]:
    """Daemons and shims whose command line names the engine's folder `home`."""
    return [
        int(entry.name)
        for entry in Path("/proc").glob("[0-9]*")
        if _program(entry) in programs
        and any(argument.startswith(f"{home}/") for argument in _command_line(entry))
    ]


def _command_line(entry: Path) -> list[str]:
    """Arguments of the process with this folder in /proc; empty when it is gone or a zombie."""
    try:
        return (entry / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []


def _program(entry: Path) -> str:
    return Path((_command_line(entry) or [""])[0]).name


def end(pids: Sequence[int], with_signal: signal.Signals) -> None:
    """Signal processes and wait, within END_TIMEOUT, until they are gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, with_signal)
    deadline = time.monotonic() + END_TIMEOUT
    while any(_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def remove_cgroups(name: str) -> None:
    """Kill what is left in the control group `name` (containers whose shim is dead) and remove it."""
    base = Path("/sys/fs/cgroup")
    for root in [*base.glob(name), *base.glob(f"*/{name}")]:
        for group in [Path(path) for path, _, _ in os.walk(root, topdown=False)]:
            with contextlib.suppress(OSError):
                end([int(pid) for pid in (group / "cgroup.procs").read_text().split()], signal.SIGKILL)
                group.rmdir()


def absent_host_folders() -> list[str]:
    """Those of HOST_FOLDERS that are not there yet, and so will be the engine's to remove."""
    return [folder for folder in HOST_FOLDERS if not Path(folder).exists()]


def remove_host_folders(made: Collection[str]) -> None:
    """Remove the folders made outside the engine's own, unless another containerd lives in them by now."""
    if not any(_program(entry) == "containerd" for entry in Path("/proc").glob("[0-9]*")):
        for folder in set(HOST_FOLDERS) & set(made):
            shutil.rmtree(folder, ignore_errors=True)
