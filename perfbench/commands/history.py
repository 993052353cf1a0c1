"""`perfbench history`: what the rows measured commit after commit, where they changed, and who is told."""

from __future__ import annotations

import click

from perfbench.lazy_group import LazyGroup

SUBCOMMANDS = {
    "run": ("history_run", "Measure this repository's own commits with asv."),
    "import": ("history_import", "Take in result files and trees, of any project and format."),
    "show": ("history_show", "List the series, or the points and changes of some."),
    "detect": ("history_detect", "Find change points in lists of numbers, one a line."),
    "alerts": ("history_alerts", "Say which changes nobody has accepted yet."),
    "bisect": ("history_bisect", "Find the commit that changed a row, by measuring."),
    "publish": (
        "history_publish",
        "Write the site: asv's pages and perfbench's, without any external request.",
    ),
    "serve": ("history_serve", "Show a published site on loopback."),
    "export": ("history_export", "Write points as CSV, JSON Lines or asv's own files."),
}
"""Sub-command → its module in `perfbench.commands` and its summary, so that help imports none of them."""


@click.group(cls=LazyGroup, table=SUBCOMMANDS)
def command() -> None:
    """Results of every commit: where a row changed, by how much and how surely."""
