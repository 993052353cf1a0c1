"""The bundle that a bare OCI runtime is given: a root file system and config.json, with least privilege.

The process inside is nobody, has no capability and can gain none, sees a read-only root, and has namespaces
of its own for everything. Format: the OCI runtime specification 1.0.2, config.md and config-linux.md.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perfbench.sandbox.runtimes import hierarchies, remains, rootfs
from perfbench.sandbox.runtimes.ownership import LABEL, Owner
from perfbench.sandbox.runtimes.runtime import Limits

NOBODY = 65534
CPU_PERIOD = 100_000
"""Microseconds; the kernel's own default."""
DEFAULT_PIDS = 1024
# As with bubblewrap: the shell reaps, and ends everything when the pipe on its stdin ends.
IDLE = ["/bin/sh", "-c", "cat >/dev/null; :"]
CAPABILITY_SETS = ("bounding", "effective", "inheritable", "permitted", "ambient")
STRICT = ["nosuid", "noexec", "nodev"]
MASKED = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/scsi",
    "/proc/sched_debug",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/firmware",
]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

_lock = threading.Lock()


def shared_root() -> Path:
    """The busybox tree that all warm sandboxes of this process share; none can write to it."""
    place = remains.home(Owner.current()) / remains.SHARED
    tree = place / "rootfs"
    with _lock:
        if not tree.exists():
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = place / f"unfinished-{secrets.token_hex(4)}"
            rootfs.build(unfinished)
            unfinished.rename(tree)
    return tree


def cold_root(directory: Path) -> Path:
    """A fresh tree for one sandbox, of whose files nothing is left in the page cache.

    What stays warm is the kernel's memory of names and the runtime's own program. A file system that lives
    in memory (tmpfs) has nothing to drop.
    """
    tree = directory / "rootfs"
    rootfs.build(tree, stamp=directory.name)
    for path in tree.rglob("*"):
        if path.is_file() and not path.is_symlink():
            file = os.open(path, os.O_RDONLY)
            try:
                os.fsync(file)  # only pages that are on disk can be dropped
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)
    return tree


def write(directory: Path, root: Path, tmp: Path, limits: Limits, *, default_pids: bool) -> None:
    """Write config.json into `directory`, for a sandbox on `root` with `tmp` as its /tmp."""
    name = directory.name
    config = {
        "ociVersion": "1.0.2",
        "process": _process(),
        "root": {"path": str(root), "readonly": True},
        "hostname": "sandbox",
        "mounts": _mounts(tmp),
        "annotations": {LABEL: str(Owner.current())},
        "linux": {
            "cgroupsPath": f"/{name}",
            "namespaces": [{"type": kind} for kind in _namespaces(limits)],
            "resources": _resources(limits, default_pids=default_pids),
            "maskedPaths": MASKED,
            "readonlyPaths": READ_ONLY,
        },
    }
    (directory / "config.json").write_text(json.dumps(config))


def _process() -> Mapping[str, Any]:
    return {
        "terminal": False,
        "user": {"uid": NOBODY, "gid": NOBODY},
        "args": IDLE,
        "env": ["PATH=/bin", "HOME=/tmp", "LANG=C.UTF-8"],
        "cwd": "/tmp",  # noqa: S108
        "capabilities": {kind: [] for kind in CAPABILITY_SETS},
        "noNewPrivileges": True,
    }


def _mounts(tmp: Path) -> list[Mapping[str, Any]]:
    return [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": STRICT},
        {
            "destination": "/dev",
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
        },
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*STRICT, "ro"]},
        {
            "destination": "/tmp",  # noqa: S108
            "type": "bind",
            "source": str(tmp),
            "options": ["rbind", "rw", "nosuid", "nodev"],
        },
    ]


def _namespaces(limits: Limits) -> list[str]:
    kinds = ["pid", "ipc", "uts", "mount"]
    return kinds if limits.network else [*kinds, "network"]


def _resources(limits: Limits, *, default_pids: bool) -> Mapping[str, Any]:
    resources: dict[str, Any] = {"devices": [{"allow": False, "access": "rwm"}]}
    if limits.memory is not None:
        resources["memory"] = {"limit": limits.memory}
        if hierarchies.has_swap_limit():
            resources["memory"]["swap"] = limits.memory  # memory and swap together: no swap on top
    if limits.cpus is not None:
        resources["cpu"] = {"quota": round(limits.cpus * CPU_PERIOD), "period": CPU_PERIOD}
    pids = limits.pids
    if pids is None and default_pids and "pids" in hierarchies.controllers():
        pids = DEFAULT_PIDS
    if pids is not None:
        resources["pids"] = {"limit": pids}
    return resources
