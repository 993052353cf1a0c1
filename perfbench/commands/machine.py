"""The machine around a job: one job at a time, nothing left from dead ones, what runs here, how quiet it is."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from perfbench.errors import PerfbenchError
from perfbench.machine_lock import Holder, machine_lock
from perfbench.measure import scratch
from perfbench.measure.discovery import Row
from perfbench.model import RuntimeStatus
from perfbench.units import format_duration


@contextmanager
def alone_on_machine(say: Callable[[str], None]) -> Iterator[None]:
    """Wait for any other job of this user to end, then remove what dead owners left behind."""

    def waiting(holder: Holder) -> None:
        since = f", for {format_duration(time.time() - holder.since)}" if holder.since else ""
        who = f"process {holder.pid}{since}" if holder.pid else "another process"
        say(f"another perfbench job measures on this machine ({who}); waiting for it to end")

    with machine_lock(waiting=waiting):
        yield


def sweep(say: Callable[[str], None]) -> None:
    """Remove what dead owners left, sandboxes and folders; what cannot be removed is said, and stops nothing."""
    from perfbench.sandbox import runtimes  # noqa: PLC0415

    scratch.sweep()
    try:
        swept = runtimes.sweep()
    except PerfbenchError as error:
        say(f"some sandboxes of dead owners could not be removed: {error}")
        return
    if swept:
        say(f"removed {len(swept)} sandboxes that dead owners had left")


def runtime_statuses(rows: Sequence[Row]) -> tuple[RuntimeStatus, ...]:
    """The runtimes that the rows name, each with its version or the reason why it is absent."""
    from perfbench.sandbox import runtimes  # noqa: PLC0415

    named = {value for row in rows if (value := row.benchmark.param("runtime")) is not None}
    wanted = [name for name in runtimes.NAMES if name in named]
    if not wanted:
        return ()
    found = runtimes.statuses()
    return tuple(
        RuntimeStatus(name, one.available, one.version, one.reason, one.remedy)
        for name, one in ((name, found[name]) for name in wanted)
    )


def python_of(interpreter: Path) -> str:
    """Which Python a side runs, `CPython 3.12.1`; empty where it will not say."""
    ask = "import platform; print(platform.python_implementation(), platform.python_version())"
    try:
        said = subprocess.run(
            [interpreter, "-c", ask], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip()


def engine_words(statuses: Sequence[RuntimeStatus]) -> str:
    """What ran the sandboxes, for the record: `docker:runc 20.10.24, runc 1.1.5, …`."""
    return ", ".join(
        f"{status.name} {status.version}".strip()
        for status in statuses
        if status.available and status.name != "process"
    )


def vanished(before: Sequence[RuntimeStatus], after: Mapping[str, RuntimeStatus]) -> list[RuntimeStatus]:
    """The runtimes that ran when the job began and do not any more, as they are now."""
    return [
        now for status in before if status.available and (now := after.get(status.name)) and not now.available
    ]
