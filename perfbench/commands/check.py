"""`perfbench check`: is head slower or fatter than base?"""

from __future__ import annotations

from typing import Any

import click

from perfbench.commands.options import measuring, normalising, seconds, selecting
from perfbench.commands.outputs import reporting
from perfbench.errors import ExitCode


@click.command()
@click.option("--base", metavar="REV", help="Compare with this revision (default: where the branch began).")
@click.option("--head", metavar="REV", help="What to judge: a revision, or 'worktree' (default).")
@click.option("--baseline", metavar="NAME", help="Compare with a stored baseline of this machine instead.")
@normalising
@click.option(
    "--profile/--no-profile",
    "profile",
    default=None,
    help="Profile confirmed regressions on both sides, to say where they come from (default: in CI).",
)
@click.option(
    "--profile-budget", callback=seconds, metavar="TIME", help="For so long in all (default: 60 s)."
)
@selecting
@measuring
@reporting
def command(**options: Any) -> ExitCode:
    """Measure base and head side by side and judge every row by its interval and its threshold.

    Base is by default the merge base with the main branch; on that branch itself it is the commit
    before the working tree. Both are built in environments of their own; head's benchmarks run on both.
    """  # fmt: skip
    from perfbench.commands.gate import check  # noqa: PLC0415
    from perfbench.commands.request import Request  # noqa: PLC0415

    return check(Request(**options))
