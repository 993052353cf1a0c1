"""What a profiler has to do here: watch one process for a while, and give the stacks that it saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from perfbench.errors import MeasurementError
from perfbench.profiling.call_tree import CallTree


class ProfilerFailedError(MeasurementError):
    """A profiler could not watch the process, or has seen nothing of it."""


class Subject(Protocol):
    """The process that is watched: a worker that serves one benchmark."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    def ask(self, request: Mapping[str, object], timeout: float) -> Mapping[str, Any]:
        """Have it do something, and wait for its answer at most `timeout` seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a profiler has seen.

    `tree` holds whole stacks, the harness's frames among them; a weight of 1 is `per_sample` in `unit`. `raw` are
    the files that it wrote, by what they are. `samples` is how many stacks, allocations or calls it rests on.
    """

    tree: CallTree
    unit: str
    samples: int
    raw: Mapping[str, Path]
    notes: Sequence[str] = ()
    summary: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)


class Recorder(Protocol):
    """One profiler in one of its modes."""

    tool: str
    mode: str

    @property
    def version(self) -> str:
        """Of the profiler."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that the process has to be started with."""
        ...

    def start(self, subject: Subject, folder: Path) -> None:
        """Begin to watch; files go to `folder`. Raises ProfilerFailedError and MissingComponentError."""
        ...

    def stop(self) -> Recorded:
        """End it, and read what it has written. Raises ProfilerFailedError where that is nothing."""
        ...

    def abandon(self) -> None:
        """End it without a result; harmless at any time."""
        ...
