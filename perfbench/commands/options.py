"""Options that several commands share, each said once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from perfbench.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])


def seconds(_context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """A time such as `90 s` or `5 min`, in seconds."""
    from perfbench.units import parse_quantity  # noqa: PLC0415

    if value is None:
        return None
    try:
        seconds = parse_quantity(value, "seconds")
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from error
    if not 0 < seconds < 1e7:
        raise click.BadParameter(f"{value!r} is no time to measure for", param=parameter)
    return seconds


def names(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The names of an option that takes several, apart by commas or by being given again."""
    found = tuple(name.strip() for value in values for name in value.split(",") if name.strip())
    if values and not found:
        raise click.BadParameter("it names nothing", param=parameter)
    return found


only_areas = click.option(
    "--only",
    "areas",
    multiple=True,
    callback=names,
    metavar="AREA,…",
    help="Only rows of these areas, and all of them: container,session.",
)
"""Said by itself for `list`, which selects nothing else."""


def stacked(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, shown in the order given."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def file_option(name: str, metavar: str, text: str) -> Callable[[Command], Command]:
    """An option that names a file to write."""
    return click.option(name, type=click.Path(dir_okay=False, path_type=Path), metavar=metavar, help=text)


selecting = stacked(
    click.option("--all", "everything", is_flag=True, help="Measure every row, not only the gate's tier."),
    only_areas,
    click.option("--short", is_flag=True, help="Fewer rows: one of each benchmark."),
    click.option(
        "--bench", "expressions", multiple=True, metavar="REGEX", help="Only rows whose id it finds."
    ),
    click.option("--runtime", "runtimes", multiple=True, metavar="NAME", help="Only rows of this runtime."),
)

measuring = stacked(
    click.option("--quick", is_flag=True, help="Fewer rounds: less certain, sooner done."),
    click.option("--rounds", type=click.IntRange(1, 1000), metavar="N", help="Rounds to begin with."),
    click.option("--time-budget", callback=seconds, metavar="TIME", help="Measure for at most so long: '5 min'."),
    click.option("--output", "-o", "result_file", type=click.Path(dir_okay=False, path_type=Path),
                 metavar="FILE", help="Keep the samples in this file (default: in .perfbench/runs, or in "
                 "the folder PERF_OUTPUT_DIR)."),
    click.option("--pyperf", "pyperf_folder", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
                 help="Also write each side's samples there as pyperf JSON."),
    click.option("--quiet", "-q", is_flag=True, help="Show no progress."),
)  # fmt: skip

normalising = click.option(
    "--normalise",
    is_flag=True,
    help="Across different hardware: divide times by the control's, and judge them.",
)


def writable(path: Path | None) -> Path | None:
    """The path, where its folder exists: an unwritable file is found before the measuring, not after it."""
    if path is not None and not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent}", "make it, or name another file")
    return path
