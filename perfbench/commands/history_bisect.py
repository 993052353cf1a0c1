"""`perfbench history bisect`: which commit changed a row, found by measuring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from perfbench.commands.options import file_option, seconds
from perfbench.errors import ExitCode


@click.command()
@click.argument("benchmark")
@click.option("--good", required=True, metavar="REV", help="A commit before the change.")
@click.option("--bad", default="HEAD", metavar="REV", help="A commit after it (default: HEAD).")
@click.option(
    "--repo",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="FOLDER",
    help="The repository with the benchmarks (default: the one around this folder).",
)
@click.option(
    "--limit",
    metavar="SHARE",
    help="How far good and bad differ at least (default: the row's threshold, else 5 %).",
)
@click.option(
    "--rounds", type=click.IntRange(1, 1000), metavar="N", help="Rounds of each step to begin with."
)
@click.option(
    "--time-budget",
    callback=seconds,
    metavar="TIME",
    help="Stop after so long: '30 min'; a later run goes on.",
)
@click.option("--no-stored", is_flag=True, help="Do not look at the history's stored results.")
@click.option(
    "--restart", is_flag=True, help="Forget what an earlier run of the same bisection has measured."
)
@file_option("--json", "FILE", "Write the answer as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
def command(**options: Any) -> ExitCode:
    """Find the commit that changed BENCHMARK, a full id, between good and bad.

    The ends are measured against each other first. Each step builds a commit by first parents and measures it side by
    side with good, and with bad where that leaves it open; what noise hides is unclear and widens the answer. A commit
    that cannot be built, or lacks the benchmark, is passed over. All commits run the benchmarks of bad.

    Ends with 0 where one commit is found, with 4 where several cannot be told apart, or whether the ends differ, and
    with 2 where they do not differ. What was measured is kept: after Ctrl-C the same command goes on where it stopped.
    """
    from perfbench.commands.bisect_run import BisectRequest, bisect  # noqa: PLC0415

    return bisect(BisectRequest(**options))
