"""`perfbench profile attach`: a process that runs already, in a container or out of one."""

from __future__ import annotations

from typing import Any

import click

from perfbench.commands.options import seconds
from perfbench.errors import ExitCode


@click.command()
@click.argument("pid", type=click.IntRange(min=1), required=False)
@click.option("--container", metavar="NAME", help="The Python process in this container of Docker or Podman.")
@click.option(
    "--mode",
    type=click.Choice(("wall", "cpu", "gil")),
    default="cpu",
    show_default=True,
    help="Wall counts waiting as well; gil only what holds it.",
)
@click.option(
    "--seconds",
    "duration",
    callback=seconds,
    default="10 s",
    show_default=True,
    metavar="TIME",
    help="How long.",
)
@click.option(
    "--rate", type=click.IntRange(1, 1000), default=100, show_default=True, help="Samples a second."
)
@click.option("--native", is_flag=True, help="C frames too.")
@click.option("--threads", is_flag=True, help="Tell threads apart.")
@click.option("--subprocesses", is_flag=True, help="Child processes too.")
def command(**options: Any) -> ExitCode:
    """Profile the Python process PID, or that of a container, with py-spy, and write what was seen to `profiles/`.

    The process is paused for each sample, and goes on unchanged.
    """  # fmt: skip
    from perfbench.commands.attaching import attach  # noqa: PLC0415

    return attach(**options)
