"""Measuring two commits of a bisection side by side, as a check measures base and head: one row, bad's benchmarks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from perfbench.commands.job import Collected, Effort, Job
from perfbench.commands.machine import python_of
from perfbench.commands.selection import one_row
from perfbench.commands.sides import told
from perfbench.commands.workspace import Workspace
from perfbench.config import Thresholds
from perfbench.environment import current
from perfbench.errors import UsageError
from perfbench.measure.builds import UnbuildableError, benchmark_dir, build_head, build_sides
from perfbench.measure.discovery import Row, discover
from perfbench.measure.labels import TWIN
from perfbench.measure.revisions import head_revision
from perfbench.measure.rounds import SAMPLES
from perfbench.measure.side import Side
from perfbench.measure.systems import needed, shared
from perfbench.model import Better, Comparison, Outcome, Threshold
from perfbench.reports.progress import Progress
from perfbench.results import runs
from perfbench.results.result_file import Header, SideHeader
from perfbench.results.writer import ResultWriter
from perfbench.units import SECONDS


@dataclass(frozen=True, slots=True)
class Pair:
    """What the second commit was against the first.

    `outcome` is the verdict on it; `noise` is the relative change that identical work has shown meanwhile. Where it
    could not be measured there is no comparison, and `failed` are the commits that it failed on.
    """

    outcome: Outcome
    reason: str
    comparison: Comparison | None = None
    noise: float = 0.0
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measuring:
    """One row of the benchmarks of commit `bad`, to be measured on any two commits.

    Samples are kept in `folder`; `rounds` are those to begin with, `seconds` what a pair may take at most.
    """

    workspace: Workspace
    bad: str
    row: Row
    folder: Path
    rounds: int
    seconds: float
    progress: Progress

    def pair(
        self, first: str, second: str, *, limit: float, better: Better, seconds: float | None = None
    ) -> Pair:
        """Measure `second` against `first` until it is decided whether it is worse by more than `limit`.

        `better` says which way is the worse one; `seconds` is how long there is, None for as long as a pair may take.
        Raises as `build_sides` does, but for a commit that cannot be built, which the pair names.
        """
        try:
            sides, benchmarks = self._sides(first, second)
        except UnbuildableError as error:
            return Pair(Outcome.FAILED, str(error), failed=(error.commit,))
        row = replace(self.row, metric=replace(self.row.metric, better=better))
        with told(self.workspace, sides) as measured:
            for side in measured:
                if side.systems is not None:
                    side.systems.start([row.benchmark], self.progress.note)
            return self._measured(measured, row, benchmarks, limit, seconds)

    def _sides(self, first: str, second: str) -> tuple[Sequence[Side], Path]:
        """Both sides, and the benchmarks that they run: those of bad, whose tree is built anew if it had to go."""
        cache, project, asv = runs.workspace(self.workspace.root), self.workspace.project, self.workspace.asv
        bad = build_head(project, asv, head_revision(project, self.bad), cache=cache, say=self.progress.note)
        base, head = (head_revision(project, commit) for commit in (first, second))
        built = build_sides(project, asv, base, head, cache=cache, say=self.progress.note)
        return (built.base, built.head), _benchmarks(self.workspace, bad)

    def _measured(
        self, sides: Sequence[Side], row: Row, benchmarks: Path, limit: float, seconds: float | None
    ) -> Pair:
        path = self._result_file(sides)
        environments = {
            side.label: current(
                commit=side.commit, dependencies=side.dependencies, python=python_of(side.python)
            )
            for side in sides
        }
        headers = {
            side.label: SideHeader(side.revision, side.commit, False, environments[side.label])
            for side in sides
        }
        headers[TWIN] = headers[sides[0].label]
        threshold = Threshold(str(row.benchmark), row.metric.name, limit)
        hurried = seconds is not None and seconds < self.seconds
        effort = Effort(
            rounds=self.rounds,
            seconds=seconds if seconds is not None and hurried else self.seconds,
            strict=hurried,
            samples=self.workspace.config.iterations or SAMPLES,
        )
        with ResultWriter(path, Header("bisect", time.time(), headers)) as writer:
            collected = Collected(writer, environments, sides[-1].label, path.with_suffix(".log"))
            job = Job(sides, (row,), benchmarks, collected, self.progress, effort, Thresholds((threshold,)))
            self.progress.start(1, self.rounds)
            job.run()
            self.progress.finish()
            writer.finish()
        return _concluded(job, row, sides)

    def _result_file(self, sides: Sequence[Side]) -> Path:
        """A file of its own for each pair; one that was begun before and never came to its end goes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{sides[0].commit[:12]}-{sides[1].commit[:12]}.jsonl"
        path.unlink(missing_ok=True)
        path.with_suffix(".log").unlink(missing_ok=True)
        return path


def _concluded(job: Job, row: Row, sides: Sequence[Side]) -> Pair:
    ended = job.collected.outcomes.get(row.benchmark)
    if ended is not None:
        failed = tuple(side.commit for side in sides if side.label in ended.sides)
        return Pair(ended.outcome, ended.reason, failed=failed)
    verdict = next((one for one in job.verdicts() if one.benchmark == row.benchmark), None)
    if verdict is None or verdict.comparison is None:
        return Pair(Outcome.INCONCLUSIVE, "not reached in the time; run longer")
    floor = (job.noise() or 0.0) if row.metric.unit == SECONDS else 0.0
    noise = max(verdict.comparison.noise, floor)
    return Pair(verdict.outcome, verdict.reason, verdict.comparison, noise)


def find_row(workspace: Workspace, commit: str, pattern: str, progress: Progress) -> Row:
    """The row that `pattern` (full id, name, shell-style or regex) means in the benchmarks of `commit`; builds it.

    Raises UsageError where it fits none or several, or one that would measure the same server on both sides.
    """
    if not workspace.has_suite:
        raise UsageError(
            "a bisection measures asv benchmarks, and here harnesses alone measure", "see perfbench check"
        )
    cache = runs.workspace(workspace.root)
    revision = head_revision(workspace.project, commit)
    side = build_head(workspace.project, workspace.asv, revision, cache=cache, say=progress.note)
    with told(workspace, (side,)) as (measured,):
        found = workspace.measured(
            discover(
                measured.python,
                _benchmarks(workspace, side),
                suite=workspace.suite,
                environment=measured.environment,
                default_timeout=workspace.asv.default_benchmark_timeout,
            )
        )
    row = one_row(found.rows, pattern, where=f" of {commit[:7]}")
    for system in needed(shared(workspace.config.systems), row.benchmark):
        raise UsageError(
            f"[sut.{system.name}] ({system.origin}) is one server for both sides, so that nothing could differ",
            "add start = … to have one started for each side",
        )
    return row


def _benchmarks(workspace: Workspace, side: Side) -> Path:
    if workspace.built_in:
        return workspace.asv.benchmark_dir
    return benchmark_dir(workspace.project, workspace.asv, side)
