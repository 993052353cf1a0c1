"""One attempt of a gate on a repository: what it named, and whether that is what was wanted."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 20.0
"""Seconds that an interrupted gate has to clean up after itself."""


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
    """Run a program in `folder`; on every other way out it is interrupted, then killed with its group."""
    started = time.monotonic()
    process = subprocess.Popen(
        argv,
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


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself just now
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=PATIENCE)
