"""`perfbench profile diff A B`: two profiles laid over one another."""

from __future__ import annotations

from pathlib import Path

import click

from perfbench.commands.options import file_option

WHAT = ("peak", "leaks", "temporary", "total")


@click.command()
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("head", type=click.Path(path_type=Path))
@file_option("--output", "FILE", "Write the page here (default: below profiles/; that of files beside HEAD).")
@click.option("--absolute", is_flag=True, help="Weights as they are, instead of shares of each side.")
@click.option("--what", type=click.Choice(WHAT), default=WHAT[0], show_default=True, help="Of a memray file.")
def command(base: Path, head: Path, output: Path | None, absolute: bool, what: str) -> None:
    """Show what moved from BASE to HEAD: folders below profiles/, or files of py-spy, memray, perf script, speedscope
    or any collapsed stacks.

    Two folders are compared per call of their benchmark. Files are compared as shares of their sides, since nothing
    says how much work either covers.
    """
    from perfbench.commands.profile_files import write_difference  # noqa: PLC0415

    write_difference(base, head, output, absolute=absolute, what=what)
