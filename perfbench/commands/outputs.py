"""The options that say where a report goes, as one value: every command that reports takes the same ones."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from perfbench.commands.options import Command, file_option, stacked, writable

FORMS = {
    "html": "Write the report as one HTML file, to be read offline.",
    "markdown": "Write the report as Markdown, fit for a comment.",
    "json": "Write the report as JSON.",
    "junit": "Write the report as JUnit XML.",
    "sarif": "Write the report as SARIF.",
}
"""The forms that are files, each an option of its own."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the report goes beside the terminal: a file for a form, GitHub's annotations and step summary.

    Raises UsageError when a folder is missing.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    github: bool = False

    def __post_init__(self) -> None:
        for path in self.files.values():
            writable(path)


def reporting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a report to a command, which gets them as `outputs` and `strict`."""

    @functools.wraps(command)
    def with_outputs(*, github: bool, **options: Any) -> Any:
        given = {form: options.pop(form) for form in FORMS}
        files = {form: path for form, path in given.items() if path is not None}
        return command(outputs=Outputs(files, github), **options)

    return _options(with_outputs)


def _options(command: Command) -> Command:
    return stacked(
        *(file_option(f"--{form}", "FILE", text) for form, text in FORMS.items()),
        click.option(
            "--github/--no-github",
            default=lambda: os.environ.get("GITHUB_ACTIONS") == "true",
            help="Annotations and a step summary for GitHub (default: in its Actions).",
        ),
        click.option("--strict", is_flag=True, help="End with 4 when a row is inconclusive or incomparable."),
    )(command)
