"""What every reader gives back: the measurements of each side, and all that was odd on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from perfbench.model import BenchmarkId, Environment, Measurement, Outcome, Problem

HEAD = "head"
"""The side that a file with one side has: what was measured, as opposed to what it is compared with."""

MAX_PROBLEMS = 100
"""A reader lists so many problems of one file; more help nobody."""

LATEST = 253_402_214_400.0
"""The last moment, in seconds since the epoch, that has a date in every time zone; readers let no later one in."""


@dataclass(frozen=True, slots=True)
class SideHeader:
    """One side of a run, as it was announced: its revision, its commit and where it was measured."""

    revision: str
    commit: str
    dirty: bool
    environment: Environment


@dataclass(frozen=True, slots=True)
class Header:
    """What a run set out to do. `created` is in seconds since the epoch; 0 where a file does not say.

    `noise` are the sentences that said, at the start, what on the machine was not quiet.
    """

    title: str
    created: float
    sides: Mapping[str, SideHeader]
    arguments: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """A row that gave no values, on the `sides` named: skipped, failed, new or missing, and why."""

    benchmark: BenchmarkId
    outcome: Outcome
    reason: str
    sides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One file at rest.

    `complete` says that the run came to its end; `exit_code` what it then ended with, `seconds` how
    long it took, where the file tells. A file that could not be read at all has problems and no sides.
    `versions` tell, where the file does, which version of a benchmark's code was measured, by its name.
    """

    header: Header
    sides: Mapping[str, tuple[Measurement, ...]] = field(default_factory=dict)
    outcomes: tuple[RowOutcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    complete: bool = True
    seconds: float | None = None
    exit_code: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    def side(self, label: str = HEAD) -> tuple[Measurement, ...]:
        """The measurements of that side; empty where there is none."""
        return self.sides.get(label, ())


def shortened(message: str, longest: int = 300) -> str:
    """A problem's message as one line of bounded length, whatever the file put into it."""
    line = "".join(character if character.isprintable() else "\ufffd" for character in message[: longest + 1])
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def unreadable(path: str, message: str, line: int | None = None) -> ResultFile:
    """A result file that holds nothing but the problem that kept it from being read."""
    problem = Problem(path, line, shortened(message))
    return ResultFile(Header("", 0.0, {}), problems=(problem,), complete=False)
