"""A group of commands of which none is imported before it is called: help and `--version` must not pay for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from perfbench.errors import UsageError


class LazyGroup(click.Group):
    """A group by a table: command → its module in `perfbench.commands` and its summary, in the order of help.

    With a `default`, a first word that is no command is that one's first argument.
    """

    def __init__(
        self,
        *arguments: Any,
        table: Mapping[str, tuple[str, str]],
        default: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._table = table
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command before what is none."""
        if self.default is not None and args and args[0] not in {*self._table, *ctx.help_option_names}:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every command, in the order in which a user meets them."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command; None when there is none of that name."""
        if cmd_name not in self._table:
            return None
        import importlib  # noqa: PLC0415

        module = importlib.import_module(f"perfbench.commands.{self._table[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. Raises UsageError that names the nearest one."""
        name = args[0]
        if name not in self._table and not name.startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415

            nearest = get_close_matches(name, self._table, n=1)
            path = ctx.command_path
            hint = f"did you mean `{path} {nearest[0]}`?" if nearest else f"`{path} --help` lists them"
            raise UsageError(f"there is no command {name!r}", hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self._table.items()])
