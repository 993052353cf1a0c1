"""Executions of a user's own harness on a side's checkout."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from perfbench.errors import PerfbenchError
from perfbench.measure.client import layout_prefix, worker_environment
from perfbench.measure.program import ProgramFailedError, ProgramMissingError, run_program
from perfbench.measure.scratch import ScratchFolder
from perfbench.measure.side import Side
from perfbench.model import Harness
from perfbench.recording import VARIABLE as RECORD

OUT = "{out}"


class HarnessFailedError(PerfbenchError):
    """A harness ran to no good end on a side. `said` is what is kept of its output."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class HarnessUnusableError(HarnessFailedError):
    """A harness cannot be run at all, or leaves no result that could be read."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One finished execution: the `path` of what it wrote, when it began (epoch seconds), what it said."""

    path: Path
    started: float
    seconds: float
    said: str


class HarnessLaunch:
    """Runs one harness on sides. Leaving its `with` block removes what the executions wrote to `{out}`."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self._scratch = ScratchFolder()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scratch.remove()

    def prepare(self, side: Side) -> str:
        """Run the steps of `setup` and return what they said. Raises HarnessFailedError naming the step."""
        said = []
        for step in self.harness.setup:
            said.append(self._run(side, step, None, 0, f"its setup step `{' '.join(step)}` "))
        return "".join(said)

    @property
    def _out(self) -> Path:
        return self._scratch.path / "out"

    def execute(self, side: Side, number: int) -> Execution:
        """Run it once, in round `number`; both sides of a round get the same hash seed.

        What it wrote must be read before the next execution. Raises HarnessFailedError and
        HarnessUnusableError.
        """
        # One path for both sides: it may be part of what the harness calls its rows.
        out = self._out
        _remove(out)
        path = out if self.harness.result is None else side.root / self.harness.result
        before = _newest(path)
        command = tuple(word.replace(OUT, str(out)) for word in self.harness.command)
        started, began = time.time(), time.monotonic()
        said = self._run(side, command, out if self.harness.captured else None, number, "")
        seconds = time.monotonic() - began
        after = _newest(path)
        if after is None:
            where = self.harness.result or OUT
            lacks = "recorded no operation" if self.harness.recorded else f"wrote no results to {where}"
            raise HarnessUnusableError(lacks, said)
        if after == before:
            raise HarnessUnusableError(f"left {self.harness.result} as it was before", said)
        return Execution(path, started, seconds, said)

    def _environment(self, side: Side, seed: int) -> dict[str, str]:
        environment = {**worker_environment(side.environment, seed), **self.harness.environment}
        return environment | {RECORD: str(self._out)} if self.harness.recorded else environment

    def _run(self, side: Side, argv: tuple[str, ...], captured: Path | None, seed: int, what: str) -> str:
        """Run a program of the harness; `what` stands before the complaint."""
        try:
            return run_program(
                argv,
                cwd=side.root / self.harness.cwd,
                environment=self._environment(side, seed),
                timeout=self.harness.timeout,
                captured=captured,
                prefix=layout_prefix(),
            )
        except ProgramMissingError as error:
            raise HarnessUnusableError(f"{what}{error.message}") from None
        except ProgramFailedError as error:
            raise HarnessFailedError(f"{what}{error.message}", error.said) from None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _newest(path: Path) -> int | None:
    """When a file, or any file in a folder, was last written (nanoseconds); None where there is none."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return max((one.stat().st_mtime_ns for one in files), default=None)
