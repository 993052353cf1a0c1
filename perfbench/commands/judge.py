"""`perfbench judge`: two lists of numbers a line in, a verdict a line out."""

from __future__ import annotations

import sys

import click

from perfbench.errors import ExitCode


@click.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="FILE", default="-"
)
@click.option(
    "--threshold", default="1 %", metavar="LIMIT", show_default=True, help="How far a value may move: '5 %'."
)
@click.option("--family", is_flag=True, help="Hold the chance of a wrong name over all lines together.")
@click.option("--strict", is_flag=True, help="End with 4 when a line is inconclusive.")
def command(file: str, threshold: str, family: bool, strict: bool) -> ExitCode:
    """Judge lists of numbers: JSON Lines from FILE (`-` or nothing: stdin), JSON Lines out, in the same order.

    \b
    in:  {"id": "x", "unit": "s", "better": "lower", "a": [[1.1, 1.2], [1.0]], "b": [[1.3], [1.4]]}
    out: {"id": "x", "verdict": "regressed", "ratio": 1.2, "low": 1.1, "high": 1.3, "p": 0.01, …}

    `a` is base and `b` head: values by process, a flat list for one process, or a summary (median, ci99, n, …).
    A line that cannot be judged gives {"id", "error"} and exit code 2, after the others.
    """
    from perfbench.commands.judging import judge_lines, share  # noqa: PLC0415

    limit = share(threshold)
    with click.open_file(file, "rb") as lines:
        return judge_lines(lines, sys.stdout.buffer, limit, family=family, strict=strict)
