"""What disturbs measurements on this machine right now, and what to do about it.

The load average is not asked: it lags by a minute, counts processes that wait for a disk and knows
nothing of the host. A short look at who used the CPUs says more.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NOTABLE_SHARE = 0.1
"""Of one CPU. What uses less moves a figure by less than the rounds' own spread."""

_UNSEEN_SHARE = 0.25
"""Of one CPU. More than for a process: the kernel's own work and rounding are in it."""

_NOTABLE_STEAL = 0.02
_LOW_MEMORY = 0.1
_NOTABLE_PRESSURE = 1.0
_NAMED = 3
_SLOW_GOVERNORS = ("powersave", "ondemand", "conservative", "schedutil", "userspace")


@dataclass(frozen=True, slots=True)
class Process:
    """One process at a moment: CPU seconds used so far, and the CPU it last ran on (None where unknown)."""

    name: str
    parent: int
    seconds: float
    cpu: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """The machine at a moment. Times in seconds, of all CPUs together; `swapped` in bytes so far."""

    moment: float
    busy: float
    stolen: float
    total: float
    swapped: int
    processes: Mapping[tuple[int, float], Process]


def quietness(seconds: float = 0.5) -> list[str]:
    """Watch the machine for that long; a sentence for each thing that disturbs it. Empty when it is quiet.

    This process and its children do not count.
    """
    before = look()
    time.sleep(seconds)
    after = look()
    return [
        *busy_sentences(before, after, os.getpid()),
        *steal_sentences(before, after),
        *swap_sentences(before, after),
        *pressure_sentences(),
        *memory_sentences(),
        *governor_sentences(),
        *power_sentences(),
    ]


def look() -> Look:
    """The machine now."""
    import psutil  # noqa: PLC0415  (20 ms, and not every command asks)

    processes: dict[tuple[int, float], Process] = {}
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                used = process.cpu_times()
                number = process.cpu_num() if hasattr(process, "cpu_num") else None
                key = (process.pid, process.create_time())
                processes[key] = Process(process.name(), process.ppid(), used.user + used.system, number)
        except (psutil.Error, OSError):
            continue  # it has just ended, or belongs to somebody else
    times = psutil.cpu_times()._asdict()
    # Linux counts guests' time in user time as well.
    total = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    stolen = times.get("steal", 0.0)
    busy = total - times["idle"] - times.get("iowait", 0.0) - stolen
    try:
        swap = psutil.swap_memory()
        swapped = swap.sin + swap.sout
    except (OSError, RuntimeError):
        swapped = 0
    return Look(time.monotonic(), busy, stolen, total, swapped, processes)


def busy_sentences(before: Look, after: Look, own: int) -> list[str]:
    """Which other processes use the CPUs, and how much goes to what cannot be seen from here."""
    window = max(after.moment - before.moment, 1e-6)
    ours = _family(after, own)
    shares = {
        key: (process.seconds - before.processes[key].seconds) / window
        for key, process in after.processes.items()
        if key in before.processes
    }
    others = {key: share for key, share in shares.items() if key[0] not in ours and share >= _NOTABLE_SHARE}
    ranked = sorted(others.items(), key=lambda item: -item[1])
    found = [_busy_sentence(key[0], after.processes[key], share) for key, share in ranked[:_NAMED]]
    if len(ranked) > _NAMED:
        rest = sum(share for _, share in ranked[_NAMED:])
        found.append(f"{len(ranked) - _NAMED} more processes use {_percent(rest)} of a CPU together")
    unseen = (after.busy - before.busy) / window - sum(shares.values())
    if unseen >= _UNSEEN_SHARE:
        found.append(
            f"{_percent(unseen)} of a CPU goes to something that cannot be seen from here (short-lived processes, "
            "another container, the kernel): measure while it rests, or expect wider intervals"
        )
    return found


def steal_sentences(before: Look, after: Look) -> list[str]:
    """Whether the host gives this virtual machine's CPU time to others."""
    share = (after.stolen - before.stolen) / max(after.total - before.total, 1e-6)
    if share < _NOTABLE_STEAL:
        return []
    return [
        f"the host takes {_percent(share)} of this machine's CPU time for others (steal): "
        "measure on a less busy host, or expect wider intervals"
    ]


def swap_sentences(before: Look, after: Look) -> list[str]:
    """Whether memory is being swapped; swapped pages that rest disturb nobody."""
    moved = after.swapped - before.swapped
    if moved <= 0:
        return []
    return [f"the machine is swapping ({moved / 1024**2:.1f} MiB just now): stop what fills its memory"]


def pressure_sentences(file: Path = Path("/proc/pressure/memory")) -> list[str]:
    """Whether processes wait for memory (Linux's pressure stall information, over the last ten seconds)."""
    for line in _text(file).splitlines():
        words = dict(word.partition("=")[::2] for word in line.split())
        try:
            waited = float(words.get("avg10", "0"))
        except ValueError:
            continue
        if "some" in words and waited >= _NOTABLE_PRESSURE:
            return [f"processes wait for memory {waited:.0f} % of the time: stop what fills it"]
    return []


def memory_sentences() -> list[str]:
    """Whether memory runs short."""
    import psutil  # noqa: PLC0415

    memory = psutil.virtual_memory()
    if memory.available >= _LOW_MEMORY * memory.total:
        return []
    return [f"only {memory.available / 1024**2:.0f} MiB of memory are free: stop what fills it"]


def governor_sentences(cpus: Path = Path("/sys/devices/system/cpu")) -> list[str]:
    """Whether the CPUs change their speed with the load."""
    found = {_text(file) for file in cpus.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    slow = sorted(found.intersection(_SLOW_GOVERNORS))
    if not slow:
        return []
    return [
        f"the CPU frequency governor is {' and '.join(slow)}, so the clock follows the load: "
        "cpupower frequency-set -g performance (as root)"
    ]


def power_sentences() -> list[str]:
    """Whether a battery or heat slows the CPUs."""
    import psutil  # noqa: PLC0415

    found = []
    try:
        battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
        sensors = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
    except (OSError, RuntimeError, ValueError):
        return []
    if battery is not None and battery.power_plugged is False:
        found.append("the machine runs on its battery, which slows the CPUs: plug it in")
    hot = [
        sensor
        for chip in sensors.values()
        for sensor in chip
        if sensor.high and sensor.current >= sensor.high
    ]
    if hot:
        found.append(
            f"a sensor is at {hot[0].current:.0f} °C, its limit, and the CPUs slow down: let it cool"
        )
    return found


def _busy_sentence(pid: int, process: Process, share: float) -> str:
    where = "a CPU" if process.cpu is None else f"CPU {process.cpu}"
    if share > 1.05:
        where = "a CPU (several at once)"
    return f"{process.name} (pid {pid}) uses {_percent(share)} of {where}: stop it, or expect wider intervals"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _family(now: Look, pid: int) -> set[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for key, process in now.processes.items():
        children.setdefault(process.parent, []).append(key[0])
    family: set[int] = set()
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        if member not in family:
            family.add(member)
            waiting.extend(children.get(member, []))
    return family


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
