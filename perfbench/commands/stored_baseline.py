"""The stored baseline that a command compares with: which one, how old, and what its history tells of noise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from perfbench.acceptances import utc_day
from perfbench.analysis.stored_noise import DEFAULT_ALLOWANCE, LEAST_RUNS, NoiseByRow
from perfbench.commands.night_noise import noise_of
from perfbench.commands.workspace import Workspace
from perfbench.environment import current, incompatibility, machine_name, same_architecture
from perfbench.errors import UsageError
from perfbench.measure.branches import Standing, current_branch, main_branch, standing
from perfbench.measure.discovery import CONTROL
from perfbench.measure.repository import opened
from perfbench.model import Measurement
from perfbench.results import baselines, stored_history
from perfbench.results.result_file import ResultFile, SideHeader
from perfbench.units import format_percent

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class StoredBaseline:
    """A baseline as a check uses it.

    `label` names it for a report, `noise` is what its rows showed from one stored run to the next, `hard` are
    the differences of hardware across which it is normalised. `warnings` are sentences for the report.
    """

    label: str
    file: ResultFile
    noise: NoiseByRow
    hard: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def side(self) -> SideHeader:
        """Where it was measured."""
        (side,) = self.file.header.sides.values()
        return side

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """What it holds, the control too."""
        (measurements,) = self.file.sides.values()
        return measurements


@dataclass(frozen=True, slots=True)
class Branches:
    """The branch that is checked out and the main one; empty where there is none."""

    current: str
    main: str

    @property
    def tried(self) -> tuple[str, ...]:
        """Whose baselines serve here, the nearest first."""
        return tuple(dict.fromkeys(filter(None, (self.current, self.main))))


def branches_of(root: Path, configured: str | None) -> Branches:
    """The branches of the repository at `root`. Raises UsageError where there is none."""
    with opened(root) as repo:
        return Branches(current_branch(repo), main_branch(repo, configured))


def open_baseline(workspace: Workspace, name: str, *, head: str, normalise: bool) -> StoredBaseline:
    """The baseline `name` of this machine for the branch that is checked out, else for the main one.

    Where this machine has none and `normalise` is asked for, that of the only other one which has. Raises
    UsageError where there is none, or where its hardware was another one and `normalise` is not asked for, or
    cannot be done.
    """
    branches = branches_of(workspace.root, workspace.config.main_branch)
    machine = _machine(workspace.baselines, name, branches, normalise=normalise)
    branch = baselines.find(workspace.baselines, machine, name, branches.tried)
    path = baselines.path_of(workspace.baselines, machine, name, branch)
    stored = baselines.load(workspace.baselines, machine, name, branch)
    (side,) = stored.header.sides.values()
    hard = _hard_differences(name, side, normalise=normalise)
    (measurements,) = stored.sides.values()
    noise = noise_of(stored_history.read(stored_history.beside(path)), measurements)
    warnings = [
        *_of_another_branch(name, branch, branches),
        *_staleness(workspace, name, stored.header.created, side, head),
        *_unknown_noise(noise),
    ]
    owner = f" of {branch}" if branch else ""
    return StoredBaseline(f"{name}{owner} ({side.revision})", stored, noise, tuple(hard), tuple(warnings))


def _machine(folder: Path, name: str, branches: Branches, *, normalise: bool) -> str:
    """Whose baseline to take. Raises UsageError where several other machines have one."""
    here = machine_name()
    if not normalise or baselines.holder(folder, here, name, branches.tried) is not None:
        return here
    others = [machine for machine in baselines.machines_with(folder, name) if machine != here]
    if len(others) > 1:
        raise UsageError(
            f"several machines have a baseline {name!r}: {', '.join(others)}", "name one in PERFBENCH_MACHINE"
        )
    return others[0] if others else here


def _hard_differences(name: str, side: SideHeader, *, normalise: bool) -> list[str]:
    here = current()
    hard = incompatibility(side.environment, here)
    if hard and not (normalise and same_architecture(side.environment, here)):
        remedy = "save one on this machine: perfbench baseline save"
        if same_architecture(side.environment, here):
            remedy += "; --normalise divides times by what the control did on both"
        raise UsageError(f"the baseline {name!r} was measured on other hardware: {'; '.join(hard)}", remedy)
    return hard


def _of_another_branch(name: str, branch: str, branches: Branches) -> Iterator[str]:
    if branches.current and branch != branches.current:
        whose = f"the one of {branch}" if branch else "the one that belongs to no branch"
        yield f"the branch {branches.current} has no baseline {name!r}: compared with {whose}"


def _staleness(workspace: Workspace, name: str, created: float, side: SideHeader, head: str) -> Iterator[str]:
    """Why the baseline may tell of another time or of other code."""
    remedy = f"promote a newer run: perfbench baseline promote {name}"
    days = (time.time() - created) / _DAY
    if created and days > workspace.config.stale_days:
        yield f"the baseline {name!r} is {days:.0f} days old, of {utc_day(created)}; {remedy}"
    if side.dirty:
        yield f"the baseline {name!r} measured changes that are in no commit; {remedy}"
        return
    with opened(workspace.project) as repo:
        where = standing(repo, side.commit, head) if side.commit else Standing.ANCESTOR
    if where is Standing.ELSEWHERE:
        yield f"the baseline {name!r} is of {side.commit[:7]}, which is no ancestor of head; {remedy}"
    elif where is Standing.UNKNOWN:
        yield f"the baseline {name!r} is of {side.commit[:7]}, which is not in this repository; {remedy}"


def _unknown_noise(noise: NoiseByRow) -> Iterator[str]:
    unknown = [key for key, row in noise.items() if row.spread is None and key[0] != CONTROL.benchmark]
    if unknown:
        yield (
            f"how far {len(unknown)} rows move from night to night is not known with fewer than {LEAST_RUNS} stored "
            f"runs: times are allowed {format_percent(DEFAULT_ALLOWANCE)}; perfbench baseline promote adds a run"
        )
