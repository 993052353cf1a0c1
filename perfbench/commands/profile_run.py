"""`perfbench profile BENCHMARK`: one benchmark under a profiler."""

from __future__ import annotations

from typing import Any

import click

from perfbench.commands.options import seconds
from perfbench.errors import ExitCode


@click.command()
@click.argument("benchmark")
@click.option(
    "--tool",
    "--hook",
    "tool",
    default="py-spy",
    show_default=True,
    metavar="NAME",
    help="The profiler: py-spy, memray, tracemalloc, cprofile, perf, concurrency, or a package's own.",
)
@click.option(
    "--mode",
    metavar="MODE",
    help="py-spy: wall, cpu, gil. memray: peak, leaks, temporary, total. tracemalloc: growth, peak.",
)
@click.option("--runtime", metavar="NAME", help="The row of this runtime.")
@click.option("--base", metavar="REV", help="Profile this revision too, in turn, and show what moved.")
@click.option("--head", metavar="REV", help="What to profile: a revision, or 'worktree' (default).")
@click.option(
    "--seconds", "duration", callback=seconds, metavar="TIME", help="How long the benchmark runs under it."
)
@click.option(
    "--rate", type=click.IntRange(1, 1000), default=100, show_default=True, help="Samples a second."
)
@click.option("--native", is_flag=True, help="C frames too (py-spy, memray).")
@click.option("--threads", is_flag=True, help="Tell threads apart (py-spy).")
@click.option("--subprocesses", is_flag=True, help="Child processes too (py-spy).")
@click.option(
    "--python-allocators",
    is_flag=True,
    help="Every Python object, not only its arenas: exact, and slower (memray).",
)
@click.option("--live", is_flag=True, help="Watch memray's live view instead; nothing is written.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
def command(**options: Any) -> ExitCode:
    """Run BENCHMARK under a profiler, without its set-up, and write what was seen to `profiles/`.

    BENCHMARK is a row's full id, or what fits one row (`perfbench list` shows them). What the profiler costs is
    measured beside it.
    """
    from perfbench.commands.profiling import ProfileRequest, profile  # noqa: PLC0415

    return profile(ProfileRequest(**options))
