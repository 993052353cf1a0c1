"""`perfbench history alerts`: which changes nobody has accepted yet, and telling of each of them once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from perfbench.commands.history_place import filtering
from perfbench.commands.options import file_option
from perfbench.errors import ExitCode

FORMS = ("json", "markdown", "atom")
"""The forms that are files, each an option of its own."""


@click.command()
@click.argument("pattern", default="*")
@filtering
@file_option("--json", "FILE", "Write them as JSON.")
@file_option("--markdown", "FILE", "Write those that were not told before as Markdown, fit for an issue.")
@file_option("--atom", "FILE", "Write them as an Atom feed.")
@click.option(
    "--all", "everything", is_flag=True, help="Also those that are accepted, recovered or were told before."
)
@click.option(
    "--webhook", is_flag=True, help="Send those that were not told before to the configured webhook."
)
def command(pattern: str, folder: Path | None, everything: bool, webhook: bool, **chosen: Any) -> ExitCode:
    """Show the changes of rows that fit PATTERN and that the rules of [[history.alert]] call out.

    The terminal, JSON and Atom hold every open alert. A page of Markdown and a webhook's message are news: each
    alert is in one of them, once. Ends with 1 while an alert is open: neither accepted in accepted.toml, nor
    recovered.
    """
    from perfbench.commands.alerting import Telling, tell  # noqa: PLC0415
    from perfbench.commands.history_source import Wanted  # noqa: PLC0415

    files = {form: path for form in FORMS if (path := chosen.pop(form)) is not None}
    return tell(Telling(Wanted(pattern, **chosen), folder, files, everything, webhook))
