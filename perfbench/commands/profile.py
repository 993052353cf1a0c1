"""`perfbench profile`: why it is slow. A benchmark's name alone profiles it."""

from __future__ import annotations

import click

from perfbench.lazy_group import LazyGroup

COMMANDS = {
    "run": ("profile_run", "Profile one benchmark (the word may be left out)."),
    "attach": ("profile_attach", "Profile a running process or container."),
    "diff": ("profile_diff", "Lay two profiles over one another."),
    "show": ("profile_show", "Draw one profile file of any kind."),
    "index": ("profile_index", "Write the page that lists all profiles."),
    "clean": ("profile_clean", "Remove old profiles."),
}
"""Sub-command → its module in `perfbench.commands` and its summary, so that help imports none of them."""


@click.group(cls=LazyGroup, table=COMMANDS, default="run")
def command() -> None:
    """Show where the time or the memory of a benchmark goes: `perfbench profile BENCHMARK`.

    Everything is written to `profiles/`; nothing that ran under a profiler enters results or baselines.
    """
