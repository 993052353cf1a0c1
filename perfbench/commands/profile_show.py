"""`perfbench profile show FILE`: a flame graph of a profile file of any kind."""

from __future__ import annotations

from pathlib import Path

import click

from perfbench.commands.options import file_option
from perfbench.commands.profile_diff import WHAT


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@file_option("--output", "FILE", "Write the page here (default: beside the file).")
@click.option("--what", type=click.Choice(WHAT), default=WHAT[0], show_default=True, help="Of a memray file.")
def command(file: Path, output: Path | None, what: str) -> None:
    """Draw FILE, a profile of py-spy, memray, perf script, speedscope or any collapsed stacks, as a flame graph."""
    from perfbench.commands.profile_files import write_flame_graph  # noqa: PLC0415

    write_flame_graph(file, output, what=what)
