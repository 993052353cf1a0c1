"""`perfbench history export`: the points of series as CSV, JSON Lines or files of asv's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfbench.commands.history_place import filtering
from perfbench.errors import ExitCode, PerfbenchError, UsageError

if TYPE_CHECKING:
    from perfbench.model_history import Series

FORMATS = ("csv", "jsonl", "asv")


@click.command()
@click.argument("pattern", default="*")
@filtering
@click.option("--format", "kind", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="The file (a folder for asv) to write; what exists is kept. CSV and JSON Lines go to standard output"
    " without it.",
)
def command(pattern: str, folder: Path | None, kind: str, output: Path | None, **chosen: Any) -> ExitCode:
    """Write the points of the series whose full ids fit PATTERN (default: all).

    They come by series, by the dates of their commits; with --branch in git's order. A tree of asv's can be
    imported again, and published by asv.
    """
    from perfbench.commands.history_place import history_place  # noqa: PLC0415
    from perfbench.commands.history_source import Wanted, wanted_series  # noqa: PLC0415

    if output is None and kind == "asv":
        raise UsageError("a tree of asv's needs a folder", "name one with -o")
    if output is not None and output.exists():
        raise UsageError(f"{output} exists already", "name another one, or remove it")
    with wanted_series(history_place(folder), Wanted(pattern, **chosen)) as found:
        if kind == "asv":
            assert output is not None  # noqa: S101  (looked at above)
            return _write_tree(output, list(found))
        return _write_lines(output, found, _lines()[kind])


def _lines() -> Mapping[str, Callable[[Iterable[Series]], Iterator[str]]]:
    from perfbench.results.history.tabular_export import csv_lines, json_lines  # noqa: PLC0415

    return {"csv": csv_lines, "jsonl": json_lines}


def _write_lines(
    output: Path | None, found: Iterable[Series], lines: Callable[[Iterable[Series]], Iterator[str]]
) -> ExitCode:
    """A part at a time, so that memory stays bounded; what is half written does not stay."""
    points = 0

    def counted() -> Iterator[Series]:
        nonlocal points
        for series in found:
            points += len(series)
            yield series

    if output is None:
        for part in lines(counted()):
            sys.stdout.write(part)
        return ExitCode.PASSED
    from perfbench.results.exporting import write_parts  # noqa: PLC0415

    write_parts(output, lines(counted()))
    click.echo(f"wrote {output}: {points} points")
    return ExitCode.PASSED


def _write_tree(output: Path, found: list[Series]) -> ExitCode:
    """A tree for each project, in a folder of its own where there are several."""
    from perfbench.results.history.asv_export import write_tree  # noqa: PLC0415
    from perfbench.results.history.keeping import machine_folder  # noqa: PLC0415

    projects: dict[str, list[Series]] = {}
    for series in found:
        projects.setdefault(series.key.benchmark.suite, []).append(series)
    files = 0
    for project, some in projects.items():
        place = output if len(projects) == 1 else output / machine_folder(project)
        written, problems = write_tree(place, some)
        files += written
        for problem in problems:
            click.echo(f"perfbench: {problem.path}: {problem.message}", err=True)
    if not files:
        raise PerfbenchError("there is no point that asv's files can hold", "write CSV or JSON Lines")
    click.echo(f"wrote {output}: {files} files of {sum(map(len, found))} points")
    return ExitCode.PASSED
