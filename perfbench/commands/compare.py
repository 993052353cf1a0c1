"""`perfbench compare`: judge one result file against another, or the two sides of one."""

from __future__ import annotations

from typing import Any

import click

from perfbench.commands.options import normalising
from perfbench.commands.outputs import reporting
from perfbench.errors import ExitCode


@click.command()
@click.argument("base", metavar="BASE")
@click.argument("head", metavar="[HEAD]", required=False)
@normalising
@reporting
def command(base: str, head: str | None, **options: Any) -> ExitCode:
    """Judge HEAD against BASE by the same rules as `check`.

    Both are result files (perfbench's own, pyperf's), or `@last` for the last run here. BASE alone, with
    two sides in it, is judged again by the thresholds of today.
    """
    from perfbench.commands.stored import compare_files  # noqa: PLC0415

    return compare_files(base, head, **options)
