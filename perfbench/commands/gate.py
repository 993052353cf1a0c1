"""The main job from end to end: build the sides, measure them, judge, report. `check` and `run` are its two forms."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from perfbench.commands.checks import check_functions
from perfbench.commands.conclusion import conclude
from perfbench.commands.machine import alone_on_machine, sweep
from perfbench.commands.options import writable
from perfbench.commands.outputs import Outputs
from perfbench.commands.request import Request
from perfbench.commands.setting import prepare
from perfbench.commands.sides import start_servers, told
from perfbench.commands.stored_baseline import StoredBaseline, open_baseline
from perfbench.commands.workspace import Workspace, open_workspace
from perfbench.errors import ExitCode, UsageError
from perfbench.measure.builds import build_head, build_sides
from perfbench.measure.revisions import WORKTREE, choose_revisions, head_revision
from perfbench.measure.side import Side
from perfbench.reports.progress import Progress
from perfbench.results import runs


def check(request: Request) -> ExitCode:
    """Compare head with base, or with a stored baseline of this machine."""
    if request.baseline is not None and request.base is not None:
        raise UsageError("--base and --baseline exclude each other", "choose one")
    if request.normalise and request.baseline is None:
        raise UsageError("--normalise is for stored baselines of other hardware", "name one with --baseline")
    workspace, outputs = _opened(request)
    stored = _stored_baseline(workspace, request)
    with _progress(request) as progress, alone_on_machine(progress.note):
        sweep(progress.note)
        if stored is not None:
            sides = _head_alone(workspace, request, progress)
            warnings = stored.warnings
        else:
            sides, warnings = _both_sides(workspace, request, progress)
        with told(workspace, sides) as measured:
            setting = prepare(workspace, request, measured, baseline=stored, warnings=warnings)
            start_servers(setting, progress.note)
            return conclude(setting, progress, outputs)


def run(request: Request) -> ExitCode:
    """Measure the working tree alone."""
    workspace, outputs = _opened(request)
    with _progress(request) as progress, alone_on_machine(progress.note):
        sweep(progress.note)
        with told(workspace, _head_alone(workspace, request, progress)) as sides:
            setting = prepare(workspace, request, sides)
            start_servers(setting, progress.note)
            return conclude(setting, progress, outputs)


def _opened(request: Request) -> tuple[Workspace, Outputs]:
    """What a job works in and writes to; what is wrong with either shows before anything is measured."""
    workspace = open_workspace()
    check_functions(workspace.config.checks, workspace.root)
    return workspace, _outputs(request)


def _outputs(request: Request) -> Outputs:
    """Where everything goes, found out before anything is measured. Raises UsageError for what cannot be."""
    for path in (request.result_file, request.pyperf_folder):
        if writable(path) is not None and path is not None and path.exists():
            raise UsageError(f"{path} exists already", "name another one, or remove it")
    return request.outputs


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


def _stored_baseline(workspace: Workspace, request: Request) -> StoredBaseline | None:
    """What takes base's place, if the request names one. Raises UsageError where it cannot be compared with."""
    if request.baseline is None:
        return None
    head = request.head if request.head not in (None, WORKTREE) else "HEAD"
    return open_baseline(workspace, request.baseline, head=head or "HEAD", normalise=request.normalise)
