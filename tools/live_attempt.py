"""One attempt of a gate on a repository: what it named, and whether that is what was wanted."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 20.0
"""Seconds that a gate has to clean up after itself."""

# The kernel ends the gate when this process dies, however it dies; SIGTERM lets it clean up.
_END_WITH_PARENT = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); "
    "os.getppid() == int(sys.argv[1]) and os.execvp(sys.argv[2], sys.argv[2:])"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a gate says of one row. `ratio` is head divided by base, with its interval where there is one."""

    row: str
    outcome: str
    ratio: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A gate's exit code, seconds and rows; `complaint` says why it could not judge."""

    code: int
    seconds: float
    rows: tuple[Judged, ...]
    complaint: str = ""

    def named(self, outcome: str) -> list[str]:
        """The rows of that outcome, by name."""
        return sorted(judged.row for judged in self.rows if judged.outcome == outcome)

    @property
    def judged(self) -> bool:
        """Whether the gate came to say anything."""
        return self.code in (0, 1) and not self.complaint

    def as_wanted(self, slowed: str | None) -> bool:
        """Whether exactly the slowed row was named, or none, and the exit code says so."""
        wanted = ([slowed], 1) if slowed else ([], 0)
        return (self.named("regressed"), self.code) == wanted and not self.named("improved")

    def __str__(self) -> str:
        told = [
            f"{outcome} {', '.join(rows)}"
            for outcome in ("regressed", "improved")
            if (rows := self.named(outcome))
        ]
        counts = Counter(judged.outcome for judged in self.rows)
        numbers = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
        parts = (
            f"exit {self.code}",
            f"{self.seconds:.0f} s",
            "; ".join(told) or "none named",
            numbers,
            self.complaint,
        )
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    code: int
    seconds: float
    output: str
    errors: str

    @property
    def complaint(self) -> str:
        """The last line that it wrote, errors first."""
        lines = (self.errors.strip() or self.output.strip()).splitlines()
        return lines[-1] if lines else ""


def run_to_end(argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run a program in `folder`; on every other way out its group is ended, then killed."""
    started = time.monotonic()
    process = subprocess.Popen(
        (*_guard(), *argv),
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate()
    except BaseException:
        _end(process)
        raise
    return Ended(process.returncode, time.monotonic() - started, output, errors)


def _guard() -> Sequence[str]:
    if sys.platform != "linux":
        return ()
    return (sys.executable, "-I", "-S", "-c", _END_WITH_PARENT, str(os.getpid()))


def _end(process: subprocess.Popen[str]) -> None:
    # Not SIGINT: what a shell started in the background ignores that, and so do its children.
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself just now
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=PATIENCE)
