"""The main job from end to end: build the sides, measure them, judge, report. `check` and `run` are its two forms."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from perfbench.commands.conclusion import conclude
from perfbench.commands.machine import alone_on_machine, sweep
from perfbench.commands.options import writable
from perfbench.commands.reporting import Outputs
from perfbench.commands.request import Request
from perfbench.commands.setting import prepare
from perfbench.commands.workspace import Workspace, open_workspace
from perfbench.environment import current, incompatibility, machine_name
from perfbench.errors import ExitCode, UsageError
from perfbench.measure.builds import build_head, build_sides
from perfbench.measure.revisions import choose_revisions, head_revision
from perfbench.measure.side import Side
from perfbench.reports.progress import Progress
from perfbench.results import baselines, runs
from perfbench.results.result_file import ResultFile


def check(request: Request) -> ExitCode:
    """Compare head with base, or with a stored baseline of this machine."""
    if request.baseline is not None and request.base is not None:
        raise UsageError("--base and --baseline exclude each other", "choose one")
    workspace, outputs = open_workspace(), _outputs(request)
    stored = None if request.baseline is None else _stored_baseline(workspace, request.baseline)
    with _progress(request) as progress, alone_on_machine(progress.note):
        sweep(progress.note)
        if stored is not None:
            sides = _head_alone(workspace, request, progress)
            warnings: tuple[str, ...] = ()
        else:
            sides, warnings = _both_sides(workspace, request, progress)
        setting = prepare(workspace, request, sides, baseline=stored, warnings=warnings)
        return conclude(setting, progress, outputs)


def run(request: Request) -> ExitCode:
    """Measure the working tree alone."""
    workspace, outputs = open_workspace(), _outputs(request)
    with _progress(request) as progress, alone_on_machine(progress.note):
        sweep(progress.note)
        sides = _head_alone(workspace, request, progress)
        return conclude(prepare(workspace, request, sides), progress, outputs)


def _outputs(request: Request) -> Outputs:
    """Where everything goes, found out before anything is measured. Raises UsageError for what cannot be."""
    for path in (request.result_file, request.pyperf_folder):
        if writable(path) is not None and path is not None and path.exists():
            raise UsageError(f"{path} exists already", "name another one, or remove it")
    return Outputs(request.markdown, request.json)


def _progress(request: Request) -> Progress:
    return Progress(Console(file=sys.stderr, highlight=False), quiet=request.quiet)


def _both_sides(
    workspace: Workspace, request: Request, progress: Progress
) -> tuple[Sequence[Side], tuple[str, ...]]:
    """Base and head, and how they differ in what is not their code."""
    base, head = choose_revisions(workspace.project, request.base, request.head, workspace.config.main_branch)
    cache = runs.workspace(workspace.root)
    built = build_sides(workspace.project, workspace.asv, base, head, cache=cache, say=progress.note)
    warnings = built.differences
    if built.not_measured:
        warnings += (f"of the matrix, not measured: {', '.join(built.not_measured)}",)
    return (built.base, built.head), warnings


def _head_alone(workspace: Workspace, request: Request, progress: Progress) -> Sequence[Side]:
    head = head_revision(workspace.project, request.head)
    cache = runs.workspace(workspace.root)
    return (build_head(workspace.project, workspace.asv, head, cache=cache, say=progress.note),)


def _stored_baseline(workspace: Workspace, name: str) -> ResultFile:
    """The stored baseline, where this machine can be compared with it. Raises UsageError where not."""
    stored = baselines.load(workspace.baselines, machine_name(), name)
    (side,) = stored.header.sides.values()
    if hard := incompatibility(side.environment, current()):
        raise UsageError(
            f"the baseline {name!r} was measured on other hardware: {'; '.join(hard)}",
            "save one on this machine: perfbench baseline save",
        )
    return stored
