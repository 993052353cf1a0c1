"""`perfbench baseline`: what was true before, stored by machine and name."""

from __future__ import annotations

import time
from pathlib import Path

import click

from perfbench.errors import ExitCode, UsageError
from perfbench.results import baselines

HERE = "this machine"


@click.group()
def command() -> None:
    """Save, list, show and remove the baselines that `perfbench check --baseline` compares with.

    They lie in baselines/<machine>/ and belong into version control.
    """


@command.command()
@click.argument("name")
@click.option(
    "--from", "run", default="@last", metavar="RUN", help="The run or result file (default: @last)."
)
@click.option("--side", default="head", metavar="LABEL", help="Which side of it (default: head).")
@click.option("--force", is_flag=True, help="Replace a baseline of the same name.")
@click.option("--allow-dirty", is_flag=True, help="Store changes that are in no commit, as a new baseline.")
def save(name: str, run: str, side: str, force: bool, allow_dirty: bool) -> None:
    """Store the last run as NAME.

    A run that regressed, failed or was interrupted is refused.
    """
    from perfbench.results.reading import read_any  # noqa: PLC0415
    from perfbench.results.runs import resolve  # noqa: PLC0415

    root = _project_root()
    path = resolve(run, root)
    result = read_any(path)
    if not result.sides and result.problems:
        raise UsageError(f"{path}: {result.problems[0].message}", "name a result file of perfbench")
    stored = baselines.save(_folder(root), name, result, side=side, overwrite=force, allow_dirty=allow_dirty)
    click.echo(f"saved {_shown(stored)} ({len(result.side(side))} rows); commit it to keep it")


@command.command("list")
def list_() -> None:
    """List the baselines of all machines."""
    from perfbench.environment import machine_name  # noqa: PLC0415

    entries = baselines.stored(_folder(_project_root()))
    if not entries:
        click.echo("no baselines; save one with: perfbench baseline save NAME")
    here = machine_name()
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        machine = f"{entry.machine} ({HERE})" if entry.machine == here else entry.machine
        facts = entry.problem or f"{_day(entry.created)}  {entry.commit[:7]}  {entry.rows} rows"
        click.echo(f"{entry.name:<{width}}  {facts}  {machine}")


@command.command()
@click.argument("name")
@click.option("--machine", metavar="MACHINE", help=f"Whose (default: {HERE}).")
def show(name: str, machine: str | None) -> None:
    """Show where NAME comes from, and its rows with their medians."""
    from statistics import median  # noqa: PLC0415

    from perfbench.units import format_value  # noqa: PLC0415

    result = baselines.load(_folder(_project_root()), machine or _this_machine(), name)
    for label, measurements in result.sides.items():
        side = result.header.sides[label]
        where = side.environment
        click.echo(
            f"{name}   {side.commit[:7]}{'+changes' if side.dirty else ''}   {_day(result.header.created)}"
        )
        click.echo(f"{where.machine}: {where.cpu}, {where.cores} cores, {where.python}, {where.kernel}")
        for measurement in measurements:
            values = [median(run.values) for run in measurement.runs if run.values]
            middle = format_value(median(values), measurement.metric.unit) if values else "–"
            click.echo(f"  {measurement.benchmark}   {middle}   {len(values)} rounds")


@command.command()
@click.argument("name")
@click.option("--machine", metavar="MACHINE", help=f"Whose (default: {HERE}).")
def remove(name: str, machine: str | None) -> ExitCode:
    """Remove NAME."""
    removed = baselines.remove(_folder(_project_root()), machine or _this_machine(), name)
    click.echo(f"removed {_shown(removed)}")
    return ExitCode.PASSED


def _project_root() -> Path:
    """The top of the repository around the current folder. Raises UsageError where there is none."""
    from perfbench.measure.repository import opened, top_of  # noqa: PLC0415

    with opened(Path.cwd()) as repo:
        return top_of(repo)


def _folder(root: Path) -> Path:
    from perfbench.config import load_project  # noqa: PLC0415

    return root / load_project(root).baselines


def _this_machine() -> str:
    from perfbench.environment import machine_name  # noqa: PLC0415

    return machine_name()


def _shown(path: Path) -> str:
    """Relative to where the user stands, if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _day(created: float) -> str:
    """The local day and minute, or a dash where it is not known."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(created)) if created else "–"
