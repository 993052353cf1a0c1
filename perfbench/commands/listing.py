"""`perfbench list`: every row with its metric, limits and tier, and every runtime that rows name."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from perfbench.analysis.patterns import fits, last_match
from perfbench.commands.areas import area_of, check_areas, is_wanted, known_areas
from perfbench.commands.machine import runtime_statuses
from perfbench.commands.options import only_areas
from perfbench.commands.sides import lent
from perfbench.commands.workspace import Workspace, open_workspace
from perfbench.errors import ExitCode, PerfbenchError
from perfbench.measure.discovery import Discovery, Row, discover
from perfbench.reports import listing
from perfbench.reports.sheets import sheet


@click.command()
@only_areas
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def command(areas: tuple[str, ...], as_json: bool) -> ExitCode:
    """Show every benchmark and harness of the current tree, and which runtimes are here.

    Rows are listed whether their runtime is here or not; a harness's rows are known only once it has run.
    Exit code 3 when there is neither.
    """
    workspace = open_workspace()
    found = _discover(workspace) if workspace.has_suite else Discovery((), ())
    folder = workspace.asv.benchmark_dir if workspace.has_suite else None
    check_areas(workspace.config, areas, known_areas(found.rows, folder))
    shown = [row for row in found.rows if is_wanted(row.benchmark, areas, ())]
    harnesses = () if areas else workspace.config.harnesses
    rows = [_listed(workspace, row) for row in shown]
    statuses = runtime_statuses(shown)
    if as_json:
        click.echo(listing.render_json(rows, statuses, harnesses), nl=False)
    else:
        listing.render(rows, statuses, sheet(sys.stdout), harnesses)
    for problem in found.problems:
        click.echo(f"perfbench: {problem.path} could not be read: {problem.message}", err=True)
    return ExitCode.PASSED if rows or harnesses else ExitCode.NOTHING_MEASURED


def _discover(workspace: Workspace) -> Discovery:
    """The rows, with the Python that runs this; where that lacks what the benchmarks import, with head's own."""
    found = _discover_with(workspace, Path(sys.executable), workspace.root, {})
    if not found.problems:
        return found
    from perfbench.measure.builds import build_head  # noqa: PLC0415
    from perfbench.measure.revisions import head_revision  # noqa: PLC0415
    from perfbench.results import runs  # noqa: PLC0415

    try:
        head = build_head(
            workspace.project,
            workspace.asv,
            head_revision(workspace.project, None),
            cache=runs.workspace(workspace.root),
            say=lambda text: click.echo(text, err=True),
        )
    except PerfbenchError:
        return found  # its problems are told
    return _discover_with(workspace, head.python, head.root, head.environment)


def _discover_with(
    workspace: Workspace, python: Path, root: Path, environment: Mapping[str, str]
) -> Discovery:
    told = workspace.systems(root, environment).variables()
    found = discover(
        python,
        workspace.asv.benchmark_dir,
        suite=workspace.suite,
        environment={**environment, **lent(workspace), **told},
        default_timeout=workspace.asv.default_benchmark_timeout,
    )
    return workspace.measured(found)


def _listed(workspace: Workspace, row: Row) -> listing.ListedRow:
    """The row with what it is held to; one of an area that is switched off is in no tier."""
    rules, tier = workspace.thresholds, workspace.config.gate_rows
    threshold = last_match(rules.thresholds, row.benchmark, row.metric)
    budget = last_match(rules.budgets, row.benchmark, row.metric)
    area = area_of(row.benchmark)
    off, place = area in workspace.config.switched_off, workspace.config.place("benchmarks", "areas", area)
    in_gate = not off and (not tier or any(fits(pattern, row.benchmark) for pattern in tier))
    return listing.ListedRow(
        benchmark=row.benchmark,
        metric=row.metric,
        limit=threshold.limit if threshold else None,
        budget=budget.limit if budget else None,
        tier="gate" if in_gate else "all",
        skipped=f"{area} is switched off in {place}" if off else "",
    )
