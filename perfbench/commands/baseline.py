"""`perfbench baseline`: what was true before, stored by machine and name."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfbench.commands.shown_path import shown_path
from perfbench.errors import ExitCode, UsageError
from perfbench.results import baselines

if TYPE_CHECKING:
    from datetime import datetime

HERE = "this machine"


@click.group()
def command() -> None:
    """Promote, save, list, show and remove the baselines that `perfbench check --baseline` compares with.

    They lie in baselines/<machine>/<branch>/ and belong into version control.
    """


_branch = click.option("--branch", metavar="BRANCH", help="Whose (default: the branch that is checked out).")
_machine = click.option("--machine", metavar="MACHINE", help=f"Whose (default: {HERE}).")
_run = click.option(
    "--from", "run", default="@last", metavar="RUN", help="The run or result file (default: @last)."
)


@command.command()
@click.argument("name")
@_run
@_branch
@click.option("--side", default="head", metavar="LABEL", help="Which side of it (default: head).")
@click.option("--force", is_flag=True, help="Replace a baseline of the same name.")
@click.option("--allow-dirty", is_flag=True, help="Store changes that are in no commit, as a new baseline.")
def save(name: str, run: str, branch: str | None, side: str, force: bool, allow_dirty: bool) -> None:  # noqa: PLR0917
    """Store the last run as NAME, compared with nothing.

    A run that regressed, failed or was interrupted is refused.
    """
    from perfbench.results.reading import read_any  # noqa: PLC0415
    from perfbench.results.runs import resolve  # noqa: PLC0415

    root = _project_root()
    path = resolve(run, root)
    result = read_any(path)
    if not result.sides and result.problems:
        raise UsageError(f"{path}: {result.problems[0].message}", "name a result file of perfbench")
    own = _checked_out(root) if branch is None else branch
    stored = baselines.save(
        _folder(root), name, result, side=side, branch=own, overwrite=force, allow_dirty=allow_dirty
    )
    click.echo(f"saved {shown_path(stored)} ({len(result.side(side))} rows); commit it to keep it")


@command.command()
@click.argument("name")
@_run
@_branch
@click.option(
    "--drop", multiple=True, metavar="PATTERN", help="Let go rows of the old one that the run has no more."
)
def promote(name: str, run: str, branch: str | None, drop: tuple[str, ...]) -> None:
    """Make the last run the new NAME, if it is no worse than the one before.

    It is judged against the stored baseline by the gate's rules. The old one's figures stay in a history
    beside it, which tells later checks how far each row moves from night to night.
    """
    from perfbench.commands.promotion import promote as promoted_run  # noqa: PLC0415
    from perfbench.units import format_percent  # noqa: PLC0415

    done = promoted_run(_project_root(), name, run, branch=branch, drop=drop)
    for entry in done.spent:
        click.echo(f"{entry.origin}: the acceptance of {entry.pattern!r} has served; remove it")
    for benchmark, worse in done.crept:
        click.echo(
            f"warning: {benchmark} has got worse by {format_percent(worse)} over its stored runs, in steps "
            "that each passed"
        )
    of = f" of {done.before}" if done.before else ""
    compared = "the first one" if done.before is None else f"no worse than the one{of} before it"
    runs = f"{done.kept} run{'s' if done.kept > 1 else ''} in its history"
    kept = f"{done.rows} rows, {compared}, {runs}"
    click.echo(f"promoted to {shown_path(done.path)} ({kept}); commit it to keep it")


@command.command()
@click.argument("row")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is taken on.")
@click.option(
    "--expires",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="The last day on which it holds.",
)
@click.option(
    "--ceiling", metavar="LIMIT", help="How much worse it may be: '+12 %' or '3 ms' (default: as it was)."
)
@click.option("--author", metavar="NAME", help="Who takes it on (default: git's user.name).")
@click.option("--metric", default="time", metavar="METRIC", help="Which metric of the row (default: time).")
@_run
@click.option(
    "--baseline", metavar="NAME", help="Against this stored baseline (default: the base of the run)."
)
def accept(row: str, run: str, baseline: str | None, expires: datetime, **wish: Any) -> None:
    """Take on the regression of ROW (a full id or a pattern) that the last run has shown.

    Writes an entry to baselines/accepted.toml, which fails once it is expired, exceeded or needless.
    """
    from perfbench.commands.accepting import Wish, take_on  # noqa: PLC0415

    asked = Wish(pattern=row, expires=expires.date().isoformat(), **wish)
    entry = take_on(_project_root(), asked, run=run, baseline=baseline)
    click.echo(f"accepted {entry.pattern} until {entry.expires} in {entry.origin}; commit it")


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
        branch = f"  {entry.branch}" if entry.branch else ""
        click.echo(f"{entry.name:<{width}}  {facts}  {machine}{branch}")


@command.command()
@click.argument("name")
@_machine
@_branch
def show(name: str, machine: str | None, branch: str | None) -> None:
    """Show where NAME comes from, and its rows with their medians and their noise from run to run."""
    from statistics import median  # noqa: PLC0415

    from perfbench.commands.night_noise import noise_of  # noqa: PLC0415
    from perfbench.results import stored_history  # noqa: PLC0415
    from perfbench.units import format_value  # noqa: PLC0415

    root = _project_root()
    folder, machine = _folder(root), machine or _this_machine()
    branch = baselines.find(folder, machine, name, _tried(root, branch))
    result = baselines.load(folder, machine, name, branch)
    history = stored_history.read(stored_history.beside(baselines.path_of(folder, machine, name, branch)))
    for label, measurements in result.sides.items():
        side = result.header.sides[label]
        where = side.environment
        click.echo(
            f"{name}   {side.commit[:7]}{'+changes' if side.dirty else ''}   {_day(result.header.created)}"
        )
        click.echo(f"{where.machine}: {where.cpu}, {where.cores} cores, {where.python}, {where.kernel}")
        noise = noise_of(history, measurements)
        for measurement in measurements:
            values = [median(run.values) for run in measurement.runs if run.values]
            middle = format_value(median(values), measurement.metric.unit) if values else "–"
            told = noise[measurement.benchmark, measurement.metric.name].short_words
            click.echo(f"  {measurement.benchmark}   {middle}   {len(values)} rounds   {told}")


@command.command()
@click.argument("name")
@_machine
@_branch
def remove(name: str, machine: str | None, branch: str | None) -> ExitCode:
    """Remove NAME with its history."""
    root = _project_root()
    folder, machine = _folder(root), machine or _this_machine()
    own = _checked_out(root) if branch is None else branch
    removed = baselines.remove(
        folder, machine, name, baselines.find(folder, machine, name, (own,) if own else ())
    )
    click.echo(f"removed {shown_path(removed)}")
    return ExitCode.PASSED


def _project_root() -> Path:
    """The top of the repository around the current folder. Raises UsageError where there is none."""
    from perfbench.measure.repository import opened, top_of  # noqa: PLC0415

    with opened(Path.cwd()) as repo:
        return top_of(repo)


def _folder(root: Path) -> Path:
    from perfbench.config import load_project  # noqa: PLC0415

    return root / load_project(root).baselines


def _checked_out(root: Path) -> str:
    """The branch that is checked out; empty where none is."""
    from perfbench.measure.branches import current_branch  # noqa: PLC0415
    from perfbench.measure.repository import opened  # noqa: PLC0415

    with opened(root) as repo:
        return current_branch(repo)


def _tried(root: Path, branch: str | None) -> tuple[str, ...]:
    """The branches whose baselines serve here: the one named, else those that a check would try."""
    from perfbench.commands.stored_baseline import branches_of  # noqa: PLC0415
    from perfbench.config import load_project  # noqa: PLC0415

    if branch is not None:
        return (branch,) if branch else ()
    return branches_of(root, load_project(root).main_branch).tried


def _this_machine() -> str:
    from perfbench.environment import machine_name  # noqa: PLC0415

    return machine_name()


def _day(created: float) -> str:
    """The local day and minute, or a dash where it is not known."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(created)) if created else "–"
