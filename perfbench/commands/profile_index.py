"""`perfbench profile index`: the page that lists all profiles."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Write `profiles/index.html` anew. Every profile does so at its end."""
    from perfbench.commands.profile_folder import profiles_folder  # noqa: PLC0415
    from perfbench.commands.profile_listing import INDEX, write_index  # noqa: PLC0415
    from perfbench.errors import UsageError  # noqa: PLC0415

    folder = profiles_folder()
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", "profile something: perfbench profile BENCHMARK")
    number = write_index(folder)
    click.echo(f"{number} profile{'s' * (number != 1)} in {folder / INDEX}")
