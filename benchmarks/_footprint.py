"""Memory of one idle sandbox, by four rulers. They answer different questions, so a figure names its ruler.

`working_set`: what the kernel charges to the sandbox's cgroup, without file pages that it could drop at once
(usage − inactive file): what a memory limit is held against. `pss` and `uss`: of all processes that are there
because the sandbox is, those that hold it included (a shim, conmon, gVisor's kernel): with its share of what
is shared, and without anything shared. `host`: how much less the host has available for each sandbox, the
kernel's own structures included. These three are of one in a small crowd, since the first of its kind on a
machine pays for what the others share with it.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks._running import output_of, running
from perfbench.sandbox.runtimes.ownership import start_time
from perfbench.sandbox.runtimes.runtime import Runtime, Sandbox

RULERS = ("working_set", "pss", "uss", "host")
CROWD = 8
SMAPS = Path("/proc/self/smaps_rollup")
TRIES = 5
COMMAND = ("true",)
OF_PROCESSES = {"pss": ("Pss",), "uss": ("Private_Clean", "Private_Dirty", "Private_Hugetlb")}
"""The lines of /proc/PID/smaps_rollup that a ruler adds up."""


def require(runtime: str, ruler: str) -> None:
    """Raise NotImplementedError with the reason where that ruler cannot be read, by a sandbox that stays."""
    if not SMAPS.exists():
        raise NotImplementedError("the memory of a sandbox is read from Linux's /proc, which is not here")
    sandbox = running(runtime)
    if ruler == "working_set" and getattr(sandbox, "cgroup", None) is None:
        raise NotImplementedError(f"{runtime} makes no cgroup of its own, so there is no working set")
    if ruler in OF_PROCESSES:
        if not hasattr(sandbox, "pid"):
            raise NotImplementedError(f"a sandbox of {runtime} does not tell its process")
        try:
            _fields(Path(f"/proc/{sandbox.pid}/smaps_rollup"))
        except PermissionError:
            raise NotImplementedError(
                "the memory of a sandbox's processes may be read by root alone"
            ) from None


def memory_of(runtime: Runtime, ruler: str) -> float:
    """Bytes of one sandbox of that runtime that has run a command."""
    if ruler == "working_set":
        with _idle(runtime) as sandbox:
            assert sandbox.cgroup is not None
            return working_set(sandbox.cgroup)
    began = int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))
    before = available()
    with ExitStack() as crowd:
        sandboxes = [crowd.enter_context(_idle(runtime)) for _ in range(CROWD)]
        if ruler in OF_PROCESSES:
            return statistics.median(of_processes(one.pid, began, ruler) for one in sandboxes)
        there = available()
    # What drifts meanwhile is taken off by looking before and after.
    return max(0.0, ((before + available()) / 2 - there) / CROWD)


@contextmanager
def _idle(runtime: Runtime) -> Iterator[Sandbox]:
    with runtime.create() as sandbox:
        sandbox.start()
        output_of(sandbox, COMMAND)
        yield sandbox


def available() -> int:
    """Bytes that the host could give to new programs (MemAvailable)."""
    return _fields(Path("/proc/meminfo"))["MemAvailable"]


def working_set(cgroup: Path) -> int:
    """Usage of a memory cgroup without the file pages that it could drop at once, in bytes; v1 and v2."""
    stat = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    version_1 = cgroup / "memory.usage_in_bytes"
    if version_1.exists():
        return int(version_1.read_text()) - int(stat["total_inactive_file"])
    return int((cgroup / "memory.current").read_text()) - int(stat["inactive_file"])


def of_processes(first: int, began: int, ruler: str) -> int:
    """Bytes of all processes of the sandbox whose first is `first`; `began` as in `processes`.

    Raises RuntimeError when they come and go too fast to be read.
    """
    for _ in range(TRIES):
        try:
            rolled = [_fields(Path(f"/proc/{pid}/smaps_rollup")) for pid in processes(first, began)]
        except (FileNotFoundError, ProcessLookupError):
            continue  # one has ended since it was listed
        return sum(rollup.get(name, 0) for rollup in rolled for name in OF_PROCESSES[ruler])
    raise RuntimeError(f"the processes of the sandbox of process {first} do not come to rest")


def processes(first: int, began: int) -> set[int]:
    """The sandbox's first process, those above it that began with it, and all that are below any of them.

    `began` is in clock ticks since boot. What holds a sandbox (a shim, conmon) is started for it; an engine,
    init and this process were there before.
    """
    parents = dict(_parents())
    top = first
    while (above := parents.get(top, 0)) > 1 and (start_time(above) or 0) >= began:
        top = above
    found, new = {top}, {top}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new}
        found |= new
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in os.listdir("/proc"):  # noqa: PTH208  (quicker)
        if entry.isdigit():
            try:
                text = Path(f"/proc/{entry}/stat").read_text(errors="replace")
            except OSError:
                continue
            state, parent = text.rpartition(")")[2].split()[:2]
            if state not in "ZX":
                yield int(entry), int(parent)


def _fields(file: Path) -> dict[str, int]:
    """The lines `name: number kB` of a file of /proc, in bytes."""
    found = {}
    for line in file.read_text().splitlines():
        name, _, rest = line.partition(":")
        if rest.endswith(" kB"):
            found[name] = int(rest.split()[0]) * 1024
    return found
