"""How hard a job tries: what the command line, the settings and the place where it runs say of it."""

from __future__ import annotations

from dataclasses import dataclass

from perfbench.commands.job import Effort
from perfbench.commands.request import Request
from perfbench.config import ProjectConfig
from perfbench.measure.rounds import SAMPLES
from perfbench.units import format_duration

QUICK_SHARE = 0.4
"""The part of the time budget that a quick job takes, with fewer rounds."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A number of rounds or seconds, and whether it is less than usual because of CI."""

    value: float
    for_ci: bool = False


def effort(config: ProjectConfig, request: Request, *, alone: bool, ci: str | None) -> tuple[Effort, str]:
    """The effort of a job, and a sentence about what is shorter than elsewhere; empty where nothing is.

    `alone` says that nothing is compared (`perfbench run`); `ci` is the variable that tells of CI, None
    elsewhere.
    """
    rounds = first_rounds(config, request, alone=alone, ci=ci is not None)
    seconds = time_budget(config, request, ci=ci is not None)
    shorter = []
    if rounds.for_ci:
        shorter.append(f"{rounds.value:g} rounds instead of {config.rounds}")
    if seconds.for_ci:
        usual = format_duration(config.time_budget)
        shorter.append(f"a time budget of {format_duration(seconds.value)} instead of {usual}")
    chosen = Effort(
        rounds=int(rounds.value),
        seconds=seconds.value,
        strict=request.time_budget is not None,
        samples=config.iterations or SAMPLES,
    )
    note = f"{ci} says that this is CI: {' and '.join(shorter)} (CI=false ends that)"
    return chosen, note if shorter else ""


def first_rounds(config: ProjectConfig, request: Request, *, alone: bool, ci: bool) -> Chosen:
    """The rounds to begin with: the command line's, else those of the settings.

    In CI what compares nothing takes as many as a quick job, unless the settings say how many.
    """
    if request.rounds is not None:
        return Chosen(request.rounds)
    if request.quick:
        return Chosen(config.quick_rounds)
    if alone and config.run_rounds is not None:
        return Chosen(config.run_rounds)
    if alone and ci and config.quick_rounds < config.rounds:
        return Chosen(config.quick_rounds, for_ci=True)
    return Chosen(config.rounds)


def time_budget(config: ProjectConfig, request: Request, *, ci: bool) -> Chosen:
    """The seconds in all: the command line's, else those of the settings.

    A quick job takes a part of it, and one in CI the same part where no settings say how long.
    """
    if request.time_budget is not None:
        return Chosen(request.time_budget)
    if request.quick:
        return Chosen(config.time_budget * QUICK_SHARE)
    if ci and config.place("measure", "time_budget") is None:
        return Chosen(config.time_budget * QUICK_SHARE, for_ci=True)
    return Chosen(config.time_budget)
