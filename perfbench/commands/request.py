"""What the command line of `check` and `run` asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from perfbench.commands.outputs import Outputs


@dataclass(frozen=True, slots=True)
class Request:
    """The options, by the names that docs/manual.md gives them. `time_budget` and `profile_budget` are in seconds.

    `profile` None leaves it to where the check runs.
    `areas` are those of `--only`.
    """

    base: str | None = None
    head: str | None = None
    baseline: str | None = None
    normalise: bool = False
    everything: bool = False
    short: bool = False
    expressions: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    quick: bool = False
    rounds: int | None = None
    time_budget: float | None = None
    result_file: Path | None = None
    pyperf_folder: Path | None = None
    quiet: bool = False
    outputs: Outputs = field(default_factory=Outputs)
    strict: bool = False
    profile: bool | None = None
    profile_budget: float | None = None
