"""`perfbench profile BENCHMARK` from end to end: build, find the row, profile, write, say what was found."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from perfbench.commands.explaining import write_explanation
from perfbench.commands.machine import alone_on_machine, python_of, sweep
from perfbench.commands.profile_folder import FLAME_GRAPH, PROFILES, store_profile
from perfbench.commands.profile_listing import write_index
from perfbench.commands.profiled import Profiled, Profiling
from perfbench.commands.selection import by_runtime, one_row
from perfbench.commands.shown_path import shown_path
from perfbench.commands.sides import told
from perfbench.commands.workspace import Workspace, open_workspace
from perfbench.errors import ExitCode, UsageError
from perfbench.measure.builds import benchmark_dir, build_head, build_sides
from perfbench.measure.discovery import Row, discover
from perfbench.measure.revisions import choose_revisions, head_revision
from perfbench.measure.scratch import ScratchFolder
from perfbench.measure.side import Side
from perfbench.model_profile import Overhead, ProfileManifest
from perfbench.profiling.recorder import Recorder
from perfbench.profiling.tools import Wanted, check_flags, chosen_mode, recorder, seconds_of
from perfbench.reports.explanation import sentence
from perfbench.reports.names import plain
from perfbench.reports.progress import Progress
from perfbench.results import runs
from perfbench.units import format_duration, format_percent


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """The options of `perfbench profile`. `duration` is in seconds, None for what suits the tool."""

    benchmark: str
    tool: str = "py-spy"
    mode: str | None = None
    runtime: str | None = None
    base: str | None = None
    head: str | None = None
    duration: float | None = None
    rate: int = 100
    native: bool = False
    threads: bool = False
    subprocesses: bool = False
    python_allocators: bool = False
    live: bool = False
    quiet: bool = False

    def wanted(self, python: str = "") -> Wanted:
        """What is asked of the profiler of a side that runs `python`."""
        mode = chosen_mode(self.tool, self.mode)
        return Wanted(
            self.tool,
            mode,
            rate=self.rate,
            native=self.native,
            threads=self.threads,
            subprocesses=self.subprocesses,
            python_allocators=self.python_allocators,
            python=python,
        )


def profile(request: ProfileRequest) -> ExitCode:
    """Profile one row of head, and of base where one is named. Raises UsageError and MeasurementError."""
    check_flags(request.wanted())
    if request.live and (request.tool != "memray" or request.base is not None):
        raise UsageError(
            "--live is memray's own view of one process", "add --tool memray, and leave out --base"
        )
    workspace = open_workspace()
    if not workspace.has_suite:
        raise UsageError(
            "a profile is of an asv benchmark, and here harnesses alone measure",
            "profile their process: perfbench profile attach PID",
        )
    progress = Progress(Console(file=sys.stderr, highlight=False), quiet=request.quiet)
    with progress, alone_on_machine(progress.note):
        sweep(progress.note)
        built = _sides(workspace, request, progress)
        with told(workspace, built) as sides:
            folder, row = _row(workspace, request, sides[-1])
            for side in sides:
                if side.systems is not None:
                    side.systems.start([row.benchmark], progress.note)
            if request.live:
                from perfbench.commands.profile_live import watch  # noqa: PLC0415

                return watch(row, sides[-1], folder, native=request.native)
            return _profile(workspace, request, row, sides, progress, folder=folder)


def _sides(workspace: Workspace, request: ProfileRequest, progress: Progress) -> Sequence[Side]:
    cache = runs.workspace(workspace.root)
    if request.base is None:
        head = head_revision(workspace.project, request.head)
        return (build_head(workspace.project, workspace.asv, head, cache=cache, say=progress.note),)
    base, head = choose_revisions(workspace.project, request.base, request.head, workspace.config.main_branch)
    built = build_sides(workspace.project, workspace.asv, base, head, cache=cache, say=progress.note)
    return (built.base, built.head)


def _row(workspace: Workspace, request: ProfileRequest, head: Side) -> tuple[Path, Row]:
    """Where the benchmarks lie, and the row that is meant."""
    folder = (
        workspace.asv.benchmark_dir
        if workspace.built_in
        else benchmark_dir(workspace.project, workspace.asv, head)
    )
    found = discover(
        head.python,
        folder,
        suite=workspace.suite,
        environment=head.environment,
        default_timeout=workspace.asv.default_benchmark_timeout,
    )
    rows = workspace.measured(found).rows
    if request.runtime is not None:
        rows = by_runtime(rows, [request.runtime])
    return folder, one_row(rows, request.benchmark)


def _profile(
    workspace: Workspace,
    request: ProfileRequest,
    row: Row,
    sides: Sequence[Side],
    progress: Progress,
    *,
    folder: Path,
) -> ExitCode:
    """Profile the row of the benchmarks in `folder`, and write what was found."""
    pythons = {side.label: python_of(side.python) for side in sides}

    def make(side: Side) -> Recorder:
        return recorder(request.wanted(pythons[side.label]))

    with ScratchFolder() as scratch:
        progress.start(1, 1)
        profiled = Profiling(
            row=row,
            sides=sides,
            benchmark_dir=folder,
            folder=scratch.path / "raw",
            make=make,
            seconds=request.duration or seconds_of(request.tool),
            told=lambda share: progress.advance(str(row.benchmark), 1, round(share * 100), 100, None),
        ).run()
        progress.finish()
        manifests = [_written(workspace, row, one, pythons[one.side.label]) for one in profiled]
    if len(profiled) > 1:
        found = write_explanation(workspace.root, row.benchmark, profiled, manifests)
        click.echo(plain(sentence(found)))
        click.echo(f"written to {found.page}")
    write_index(workspace.root / PROFILES)
    return ExitCode.PASSED


def _written(workspace: Workspace, row: Row, profiled: Profiled, python: str) -> ProfileManifest:
    """Write one side's profile, and say in a few lines what is in it."""
    manifest, place = store_profile(workspace.root, row.benchmark, profiled, python)
    click.echo(plain(_rests_on(manifest)))
    if manifest.overhead is not None:
        click.echo(_overhead_words(manifest.overhead))
    for number, share in enumerate(_top(profiled)):
        click.echo(f"  {number + 1}. {share}")
    for note in manifest.notes:
        click.echo(f"note: {plain(note)}")
    click.echo(f"written to {shown_path(place / FLAME_GRAPH)}")
    return manifest


def _overhead_words(cost: Overhead) -> str:
    interval = "too few for an interval" if math.isnan(cost.low) else f"{cost.low:.2f} … {cost.high:.2f}"
    return f"overhead {cost.ratio:.2f} × ({interval}, {cost.slices} pairs of slices)"


def _rests_on(manifest: ProfileManifest) -> str:
    what = {"seconds": "samples", "bytes": "allocations"}.get(manifest.unit, "records")
    if manifest.tool == "cprofile":
        what = "calls of functions"
    return (
        f"{manifest.benchmark} on {manifest.side} {manifest.revision}: {manifest.samples:,} {what} by {manifest.tool} "
        f"({manifest.mode}) in {format_duration(manifest.seconds)}, {manifest.calls:,} calls"
    )


def _top(profiled: Profiled) -> list[str]:
    """The functions that take most, each in a line."""
    from perfbench.profiling.call_tree import functions  # noqa: PLC0415

    whole = float(profiled.tree.weight.sum())
    found = functions(profiled.tree)[:5] if whole > 0 else []
    return [f"{format_percent(one.own / whole)} {plain(str(one.frame))}" for one in found if one.own > 0]
