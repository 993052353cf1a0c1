"""`perfbench history detect`: a list of numbers a line in, its change points a line out."""

from __future__ import annotations

import sys

import click

from perfbench.errors import ExitCode


@click.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="FILE", default="-"
)
def command(file: str) -> ExitCode:
    """Find change points: JSON Lines from FILE (`-` or nothing: stdin), JSON Lines out, in the same order.

    \b
    in:  {"id": "x", "y": [1.0, 1.1, …], "low": […], "high": […], "better": "lower"}
    out: {"id": "x", "cps": [60], "changes": [{"index": 60, "ratio": 1.1, "sureness": 0.999, …}]}

    An index is the first point of the new level, counted from 0. `low` and `high` (bounds of each value) and `better`
    may be left out; null is a missing value. A line that cannot be read gives {"id", "error"} and exit code 2, after
    the others.
    """
    from perfbench.commands.detecting import detect_lines  # noqa: PLC0415

    with click.open_file(file, "rb") as lines:
        return detect_lines(lines, sys.stdout.buffer)
