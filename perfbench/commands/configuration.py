"""`perfbench config`: writes a first file of settings, checks those that are there, and shows what holds."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfbench.errors import ConfigError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfbench.commands.settings_shown import Shown

SHOWN_VERSION = 1


@click.group()
def command() -> None:
    """Write, check and show the settings of this repository.

    They stand in perfbench.toml, perfbench.yaml, perfbench.yml or perfbench.json, or in [tool.perfbench] of
    pyproject.toml; the variable PERF_CONFIG_FILE names another file.
    """


@command.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["toml", "yaml", "json"]),
    default="toml",
    help="The form (default: toml).",
)
@click.option("--force", is_flag=True, help="Replace the file that is there.")
def init(form: str, force: bool) -> None:
    """Write a settings file with every key, commented out, at the top of the repository.

    JSON has no comments: it gets the defaults. A file that is there stays, unless --force is given.
    """
    from perfbench.config_file import VARIABLE, others_than  # noqa: PLC0415
    from perfbench.project.settings_template import render  # noqa: PLC0415
    from perfbench.settings_file import as_typed  # noqa: PLC0415

    root = _top()
    path = root / f"perfbench.{form}"
    for other in others_than(path):
        raise ConfigError("there are settings already", "change these, or remove them first", path=other)
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(render(form))
    except FileExistsError:
        raise UsageError(f"{as_typed(path)} exists already", "--force replaces it") from None
    click.echo(f"wrote {as_typed(path)}; perfbench config validate checks it after a change")
    if named := os.environ.get(VARIABLE):
        click.echo(f"perfbench: {VARIABLE} is set, so that {named} is read in its place", err=True)


@command.command()
def validate() -> ExitCode:
    """Check the settings, thresholds.toml, accepted.toml and asv.conf.json of this repository.

    One line for each file that is valid, then one for each problem. Exit code 2 where there is any.
    """
    from perfbench.commands.settings_checked import check_files  # noqa: PLC0415

    checked = check_files(_top(), Path.cwd().resolve())
    for line in checked.read:
        click.echo(line)
    for problem in checked.problems:
        click.echo(problem)
    return ExitCode.USAGE if checked.problems else ExitCode.PASSED


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def show(as_json: bool) -> None:
    """Show every setting with its value and where that comes from.

    Values are shown as they are written; variables in them, such as ${TOKEN}, are not filled in.
    """
    from perfbench.commands.settings_shown import settings  # noqa: PLC0415
    from perfbench.config import load_project  # noqa: PLC0415

    root = _top()
    found = settings(load_project(root), root)
    if as_json:
        content: dict[str, Any] = {
            "config_version": SHOWN_VERSION,
            "settings": [asdict(one) for one in found],
        }
        click.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))
    else:
        click.echo("\n".join(_columns(found)))


def _columns(found: Sequence[Shown]) -> list[str]:
    """Key, origin and value of each; the value comes last, since it may be long."""
    from perfbench.reports.names import plain  # noqa: PLC0415

    cells = [
        (plain(one.key), plain(one.origin), plain(json.dumps(one.value, ensure_ascii=False, default=str)))
        for one in found
    ]
    keys, origins = (max(len(cell[column]) for cell in cells) for column in (0, 1))
    return [f"{key:<{keys}}  {origin:<{origins}}  {value}" for key, origin, value in cells]


def _top() -> Path:
    """The top of the repository around the current folder. Raises UsageError where there is none."""
    from perfbench.measure.repository import opened, top_of  # noqa: PLC0415

    with opened(Path.cwd()) as repo:
        return top_of(repo)
