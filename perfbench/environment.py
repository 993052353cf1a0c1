"""What this machine is, as far as a measurement depends on it, and whether two machines can be compared."""

from __future__ import annotations

import math
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from perfbench.model import Environment

MACHINE_VARIABLE = "PERFBENCH_MACHINE"
"""Environment variable that names the machine: CI machines of one kind, with random names, then share one."""

_SAME_MEMORY = 0.02
"""A kernel keeps a little memory for itself, more or less of it from boot to boot."""


def current(
    commit: str = "",
    dirty: bool = False,
    dependencies: Mapping[str, str] | None = None,
    engine: str = "",
    python: str = "",
) -> Environment:
    """This machine, now. `python` is the measured side's where it is not the one that runs this.

    `cores` and `memory` (bytes) are what this process may use: affinity and cgroup limits count.
    """
    return Environment(
        machine=machine_name(),
        cpu=_cpu(),
        cores=_cores(),
        memory=_memory(),
        kernel=f"{platform.system()} {platform.release()}",
        governor=_governor(),
        python=python or f"{platform.python_implementation()} {platform.python_version()}",
        dependencies=dict(dependencies or {}),
        commit=commit,
        dirty=dirty,
        engine=engine,
        architecture=platform.machine(),
    )


def machine_name() -> str:
    """What baselines file this machine under: PERFBENCH_MACHINE, else the host name without its domain."""
    given = os.environ.get(MACHINE_VARIABLE, "").strip()
    name = given or platform.node().partition(".")[0]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-_")[:100] or "unknown"


def incompatibility(a: Environment, b: Environment) -> list[str]:
    """Why figures of `a` and `b` cannot be compared, a sentence each; empty where they can.

    What one of them does not tell cannot differ.
    """
    found = [
        f"the {what} differs: {one} and {other}"
        for what, one, other in (
            ("machine", a.machine, b.machine),
            ("architecture", a.architecture, b.architecture),
            ("CPU", a.cpu, b.cpu),
            ("number of usable cores", a.cores, b.cores),
        )
        if one and other and one != other
    ]
    if a.memory and b.memory and abs(a.memory - b.memory) > _SAME_MEMORY * max(a.memory, b.memory):
        found.append(f"the memory differs: {_gibibytes(a.memory)} and {_gibibytes(b.memory)}")
    return found


def same_architecture(a: Environment, b: Environment) -> bool:
    """Whether both are known to have processors of one kind, so that one's code could run on the other."""
    return bool(a.architecture) and a.architecture == b.architecture


def differences(a: Environment, b: Environment) -> list[str]:
    """What else differs and may move figures, a sentence each; commits are meant to differ."""
    found = [
        f"the {what} differs: {one} and {other}"
        for what, one, other in (
            ("kernel", a.kernel, b.kernel),
            ("CPU frequency governor", a.governor, b.governor),
            ("Python", a.python, b.python),
            ("engine", a.engine, b.engine),
        )
        if one and other and one != other
    ]
    if a.dependencies and b.dependencies and a.dependencies != b.dependencies:
        found.append(f"dependencies differ: {_dependency_changes(a.dependencies, b.dependencies)}")
    return found


def _dependency_changes(a: Mapping[str, str], b: Mapping[str, str], shown: int = 3) -> str:
    names = [name for name in sorted({*a, *b}) if a.get(name) != b.get(name)]
    words = [f"{name} {a.get(name, 'absent')} and {b.get(name, 'absent')}" for name in names[:shown]]
    if len(names) > shown:
        words.append(f"{len(names) - shown} more")
    return ", ".join(words)


def _gibibytes(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"


def _cpu() -> str:
    if sys.platform == "darwin":
        return _sysctl("machdep.cpu.brand_string") or platform.machine()
    return _cpu_model(_text(Path("/proc/cpuinfo"))) or platform.machine()


def _cpu_model(cpuinfo: str) -> str:
    """The model in /proc/cpuinfo; ARM kernels give none, there its part numbers stand in."""
    facts = dict(re.findall(r"^([^:\n]+?)\s*:[ \t]*(.*?)\s*$", cpuinfo, re.MULTILINE))
    for key in ("model name", "cpu model", "Model", "cpu"):
        if facts.get(key):
            return " ".join(facts[key].split())
    if "CPU part" in facts:
        return f"ARM implementer {facts.get('CPU implementer', '?')} part {facts['CPU part']}"
    return ""


def _sysctl(name: str) -> str:
    import subprocess  # noqa: PLC0415  (macOS alone)

    try:
        done = subprocess.run(["/usr/sbin/sysctl", "-n", name], capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip()


def _cores(proc: Path = Path("/proc/self/cgroup"), mounts: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores that this process may use at once: its affinity, or fewer where a cgroup has a quota."""
    has_affinity = hasattr(os, "sched_getaffinity")
    usable = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    quotas = [_quota(folder) for folder in _cgroups("cpu", proc, mounts)]
    return max(1, min([usable, *(math.ceil(quota) for quota in quotas if quota)]))


def _quota(cgroup: Path) -> float | None:
    """How many cores a cgroup allows, None where it sets no limit."""
    limit, _, period = _text(cgroup / "cpu.max").partition(" ")
    if not limit:
        limit, period = _text(cgroup / "cpu.cfs_quota_us"), _text(cgroup / "cpu.cfs_period_us")
    if not limit.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(limit) / int(period)


def _memory(proc: Path = Path("/proc/self/cgroup"), mounts: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes of memory that this process may use: the machine's, or fewer where a cgroup has a limit."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [
        int(limit)
        for folder in _cgroups("memory", proc, mounts)
        for name in ("memory.max", "memory.limit_in_bytes")
        if (limit := _text(folder / name)).isdigit()
    ]
    return min([machine, *limits])


def _cgroups(controller: str, proc: Path, mounts: Path) -> Iterator[Path]:
    """The folders that limit this process: its cgroup of that controller, v1 or v2, and those above it.

    In a container the path that the kernel names may lie outside what is mounted; the mounted root
    is then the container's own cgroup.
    """
    for line in _text(proc).splitlines():
        _, names, path = [*line.split(":", 2), "", "", ""][:3]
        if names and controller not in names.split(","):
            continue
        candidates = (mounts / names, mounts / controller) if names else (mounts / "unified", mounts)
        mount = next((folder for folder in candidates if folder.is_dir()), None)
        if mount is None:
            continue
        folder = mount / path.strip("/")
        while folder != mount and mount in folder.parents:
            yield folder
            folder = folder.parent
        yield mount


def _governor(cpus: Path = Path("/sys/devices/system/cpu")) -> str:
    """The CPU frequency governors in use, or `none`, as in most virtual machines."""
    found = {_text(file) for file in cpus.glob("cpu[0-9]*/cpufreq/scaling_governor")} - {""}
    return ", ".join(sorted(found)) or "none"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
