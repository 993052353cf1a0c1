"""`perfbench history publish`: the site, of the history or of a tree of asv's results as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perfbench.commands.history_place import filtering
from perfbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfbench.commands.history_place import HistoryPlace
    from perfbench.commands.history_source import Wanted
    from perfbench.model import Problem
    from perfbench.model_history import HistoryReport
    from perfbench.reports.asv_site.details import AsvDetails

MEMORY = Path("/dev/shm")  # noqa: S108  (a folder of one's own in it)
IN_MEMORY = 64 * 1024**2
"""Bytes of a tree whose index is kept in memory while it is published; the index is smaller than the tree."""

SHOWN_PROBLEMS = 20
"""So many problems are listed here; the site lists all."""


@click.command()
@click.argument("pattern", default="*")
@click.option(
    "--output", "-o", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
    help="Where the site goes (default: that of [history], .perfbench/site).",
)  # fmt: skip
@click.option(
    "--results", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="TREE",
    help="Publish this folder of asv's results as it is, without an import.",
)  # fmt: skip
@filtering
def command(
    *,
    pattern: str,
    output: Path | None,
    results: Path | None,
    machine: str | None,
    environment: str | None,
    branch: str | None,
    folder: Path | None,
) -> None:
    """Write the site: what regressed and is not accepted, a page for every benchmark, and asv's own site beside.

    Static files that ask nobody for anything: open index.html, or put the folder on any server. PATTERN chooses
    the benchmarks, as a shell-style pattern of full ids. What cannot be used is named, and all else published.
    """
    from perfbench.commands.history_place import history_place  # noqa: PLC0415
    from perfbench.commands.history_source import Wanted  # noqa: PLC0415
    from perfbench.commands.publishing import publish  # noqa: PLC0415
    from perfbench.commands.publishing_progress import PagesShown  # noqa: PLC0415
    from perfbench.results.uncollected import uncollected  # noqa: PLC0415

    if results is not None and folder is not None:
        raise UsageError("--results and --history were both given", "publish one of them at a time")
    place = history_place(folder)
    wanted = Wanted(pattern, machine, environment, branch)
    with uncollected(), PagesShown() as shown:
        report, details = _of_history(place, wanted) if results is None else _of_tree(place, results, wanted)
        published = publish(report, output or place.root / place.config.history.site, details, shown)
    _tell(report.problems)
    if published.missing:
        click.echo(f"perfbench: {published.missing}", err=True)
    regressions = _counted(published.open_alerts, "open alert", "open alerts")
    click.echo(
        f"published {_counted(published.series, 'series', 'series')} of {published.points:,} points, "
        f"{regressions}: {published.folder / 'index.html'}"
    )


def _of_history(place: HistoryPlace, wanted: Wanted) -> tuple[HistoryReport, AsvDetails]:
    from perfbench.commands.asv_details import asv_details  # noqa: PLC0415
    from perfbench.commands.history_source import report_of  # noqa: PLC0415
    from perfbench.results.history.keeping import HistoryFolder  # noqa: PLC0415

    report = report_of(place, wanted)
    kept = HistoryFolder(place.folder)
    trees = [*kept.trees(), *(Path(reference.path) for reference in kept.references())]
    return report, asv_details(trees, complete=False)


def _of_tree(place: HistoryPlace, tree: Path, wanted: Wanted) -> tuple[HistoryReport, AsvDetails]:
    """The same of a tree that is read as it is, by an index that lives no longer than this command."""
    import tempfile  # noqa: PLC0415
    from dataclasses import replace  # noqa: PLC0415

    from perfbench.commands.asv_details import asv_details  # noqa: PLC0415
    from perfbench.commands.history_source import report_of  # noqa: PLC0415
    from perfbench.results.history.importing import Means, import_paths  # noqa: PLC0415

    config = place.asv()
    project = config.project if config else ""
    with tempfile.TemporaryDirectory(prefix="perfbench-publish-", dir=_quick_folder(tree)) as work:
        means = Means(project_of=lambda _: project)
        done = import_paths(Path(work), None, [tree], means=means, in_place=True)
        if not done.points:
            said = f": {done.problems[0].message}" if done.problems else ""
            raise UsageError(
                f"{tree} holds no points that could be published{said}", "name a folder of asv's results"
            )
        report = report_of(replace(place, folder=Path(work), url=None), wanted)
    return report, asv_details([tree], complete=True)


def _quick_folder(tree: Path) -> Path | None:
    """Memory, for the index of a small tree: a disk is waited for at every step. None where the usual one has to do."""
    size = 0
    for path in tree.glob("*/*"):
        size += path.stat().st_size if path.is_file() else 0
        if size > IN_MEMORY:
            return None
    return MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None


def _tell(problems: Iterable[Problem]) -> None:
    from perfbench.reports.names import plain  # noqa: PLC0415

    problems = list(problems)
    for problem in problems[:SHOWN_PROBLEMS]:
        line = f":{problem.line}" if problem.line is not None else ""
        click.echo(f"perfbench: {plain(problem.path)}{line}: {plain(problem.message)}", err=True)
    if len(problems) > SHOWN_PROBLEMS:
        click.echo(f"perfbench: {len(problems) - SHOWN_PROBLEMS} more problems: see the site", err=True)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
