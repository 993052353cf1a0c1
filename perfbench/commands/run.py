"""`perfbench run`: measure the current tree alone."""

from __future__ import annotations

from typing import Any

import click

from perfbench.commands.options import measuring, selecting
from perfbench.commands.outputs import reporting
from perfbench.errors import ExitCode


@click.command()
@selecting
@measuring
@reporting
def command(**options: Any) -> ExitCode:
    """Measure the working tree alone. Budgets are judged; nothing is compared."""
    from perfbench.commands.gate import run  # noqa: PLC0415
    from perfbench.commands.request import Request  # noqa: PLC0415

    return run(Request(**options))
