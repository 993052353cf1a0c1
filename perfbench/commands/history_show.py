"""`perfbench history show`: the series of a history, or the points and changes of a few."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from perfbench.commands.history_place import filtering
from perfbench.errors import ExitCode


@click.command()
@click.argument("pattern", default="*")
@filtering
@click.option("--points", is_flag=True, help="With --json: all points as well.")
@click.option("--problems", is_flag=True, help="List every problem, not only the first ten.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(
    pattern: str, folder: Path | None, points: bool, problems: bool, as_json: bool, **chosen: Any
) -> ExitCode:
    """List the series whose full ids fit PATTERN (default: all), with their last value and last change.

    Where three series or fewer fit, every point and every change of them is shown. A pattern is shell-style:
    'parse.*', '*time_read*'.
    """
    from perfbench.commands.history_place import history_place  # noqa: PLC0415
    from perfbench.commands.history_source import Wanted, report_of  # noqa: PLC0415
    from perfbench.reports import history_listing  # noqa: PLC0415
    from perfbench.reports.sheets import sheet  # noqa: PLC0415

    report = report_of(history_place(folder), Wanted(pattern, **chosen))
    if as_json:
        sys.stdout.write(history_listing.render_json(report, points=points))
    else:
        history_listing.render(report, sheet(sys.stdout), problems=problems)
    return ExitCode.PASSED
