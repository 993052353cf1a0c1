"""What a step of GitHub's Actions is told: annotations on its output, and a summary in the file that it names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from perfbench.model import Report

SHORTEST_SUMMARY = 4096
"""Bytes below which a summary is not begun: an earlier command of the step has filled the file."""


@contextmanager
def no_commands(file: TextIO) -> Iterator[None]:
    """While this lasts, the runner takes no line of the output for a command: names are a benchmark's own."""
    import secrets  # noqa: PLC0415  (with it comes OpenSSL; only GitHub needs it)

    token = secrets.token_hex(16)
    file.write(f"::stop-commands::{token}\n")
    try:
        yield
    finally:
        file.write(f"::{token}::\n")


def tell(report: Report, file: TextIO) -> list[str]:
    """Write the annotations, and add the report to the step's summary. Says what could not be written."""
    from perfbench.reports import github, markdown  # noqa: PLC0415
    from perfbench.reports.glyphs import fitter  # noqa: PLC0415

    file.write(fitter(file.encoding or "ascii")(github.render(report)))
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return []
    try:
        with Path(name).open("ab") as summary:
            room = github.SUMMARY_LIMIT - summary.tell()
            if room >= SHORTEST_SUMMARY:
                summary.write(markdown.render(report, room).encode())
    except OSError as error:
        return [f"cannot write the step's summary {name}: {error.strerror or error}"]
    return []
