"""`perfbench compare`: judge one result file against another, or the two sides of one."""

from __future__ import annotations

import atexit
import gc
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

    Both are result files of any kind that perfbench reads, or `@last` for the last run here. Of a folder
    of asv's results a commit is named: `results@1a2b3c`, and `results@1a2b3c/machine` where several machines
    measured it. BASE alone, with two sides in it, is judged again by the thresholds of today.
    """
    from perfbench.results.uncollected import uncollected  # noqa: PLC0415

    atexit.register(gc.freeze)  # nor is there anything to collect at the interpreter's end
    with uncollected():
        from perfbench.commands.stored import compare_files  # noqa: PLC0415

        return compare_files(base, head, **options)
