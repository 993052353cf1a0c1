"""`perfbench history`: what the rows measured commit after commit, where they changed, and who is told."""

from __future__ import annotations

import click

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


class LazyHistory(click.Group):
    """A group whose sub-commands are imported when they are called and no earlier."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every sub-command, in the order in which a user meets them."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one sub-command; None when there is none of that name."""
        if cmd_name not in SUBCOMMANDS:
            return None
        import importlib  # noqa: PLC0415

        module = importlib.import_module(f"perfbench.commands.{SUBCOMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the sub-commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in SUBCOMMANDS.items()])


@click.group(cls=LazyHistory, no_args_is_help=True)
def command() -> None:
    """Results of every commit: where a row changed, by how much and how surely."""
