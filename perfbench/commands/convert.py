"""`perfbench convert`: the samples of result files in another format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perfbench.errors import ExitCode, PerfbenchError, UsageError
from perfbench.model import Measurement, Problem

if TYPE_CHECKING:
    from perfbench.results.result_file import ResultFile

_SHOWN = 10
"""So many problems are told one by one."""


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--to",
    "kind",
    type=click.Choice(["perfbench", "pyperf", "go", "csv"]),
    required=True,
    help="The format to write.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    required=True,
    help="The file to write; one that exists is kept.",
)
@click.option("--side", metavar="LABEL", help="Only that side of them: base, head, …")
def command(files: tuple[str, ...], kind: str, output: Path, side: str | None) -> ExitCode:
    """Write the samples of each FILE as one file of another format.

    FILE is any result file or folder that `compare` reads, or `@last`. Rows that several of them have get the runs
    of all. pyperf's and Go's formats have no sides: where there are several, name one with --side.
    """
    from perfbench.commands.options import writable  # noqa: PLC0415
    from perfbench.results.joining import only  # noqa: PLC0415

    writable(output)
    result = _joined(files)
    if side is not None:
        result = only(result, side)
    if not any(result.sides.values()):
        reason = f": {result.problems[0].message}" if result.problems else ""
        raise UsageError(f"there is nothing to convert{reason}", "name a file that holds measurements")
    written, lost = _WRITERS[kind](output, result)
    _tell((*result.problems, *lost))
    click.echo(f"wrote {output}: {written} of {sum(map(len, result.sides.values()))} rows")
    return ExitCode.PASSED


def _joined(names: Sequence[str]) -> ResultFile:
    from perfbench.environment import incompatibility  # noqa: PLC0415
    from perfbench.results.joining import Named, join  # noqa: PLC0415
    from perfbench.results.reading import read_any  # noqa: PLC0415
    from perfbench.results.runs import resolve_part  # noqa: PLC0415

    root = _root()
    return join([Named(name, read_any(*resolve_part(name, root))) for name in names], incompatibility)


def _root() -> Path:
    """The top of the repository around us, or this folder: files can be converted anywhere."""
    from perfbench.measure.repository import opened, top_of  # noqa: PLC0415

    try:
        with opened(Path.cwd()) as repo:
            return top_of(repo)
    except PerfbenchError:
        return Path.cwd()


Written = tuple[int, tuple[Problem, ...]]
"""How many rows the file holds, and what it has no way to hold."""


def _to_perfbench(output: Path, result: ResultFile) -> Written:
    from perfbench.results.writer import ResultWriter  # noqa: PLC0415

    lost: list[Problem] = []
    with ResultWriter(output, result.header, mode=0o666) as writer:  # lowered by the umask
        for label, measurements in result.sides.items():
            for measurement in measurements:
                row = (label, measurement.benchmark, measurement.metric)
                for run in measurement.runs:
                    writer.run(*row, run)
                if not measurement.runs and measurement.summary is not None:
                    writer.summary(*row, measurement.summary)
                elif not measurement.runs:
                    lost.append(_without_samples(measurement))
        for ended in result.outcomes:
            writer.outcome(ended.benchmark, ended.outcome, ended.reason, ended.sides)
        writer.finish(complete=result.complete, seconds=result.seconds or 0.0, exit_code=result.exit_code)
    return sum(map(len, result.sides.values())) - len(lost), tuple(lost)


def _to_pyperf(output: Path, result: ResultFile) -> Written:
    from perfbench.results.pyperf_export import write  # noqa: PLC0415

    rows = _one_side(result)
    if not any(row.runs for row in rows):
        raise UsageError(
            "there are no samples to write", "name a file that holds samples, not only summaries"
        )
    empty = tuple(_without_samples(row) for row in rows if not row.runs)
    return _count(result), (*write(output, rows), *empty)


def _to_go(output: Path, result: ResultFile) -> Written:
    from perfbench.results.exporting import write_new  # noqa: PLC0415
    from perfbench.results.go_export import render  # noqa: PLC0415

    text, problems = render(_one_side(result))
    write_new(output, text)
    return _count(result), problems


def _to_csv(output: Path, result: ResultFile) -> Written:
    from perfbench.results.csv_export import render  # noqa: PLC0415
    from perfbench.results.exporting import write_new  # noqa: PLC0415

    text, problems = render(result.sides)
    write_new(output, text)
    return _count(result), problems


_WRITERS: Mapping[str, Callable[[Path, ResultFile], Written]] = {
    "perfbench": _to_perfbench,
    "pyperf": _to_pyperf,
    "go": _to_go,
    "csv": _to_csv,
}


def _one_side(result: ResultFile) -> tuple[Measurement, ...]:
    labels = [label for label, rows in result.sides.items() if rows]
    if len(labels) > 1:
        named = " and ".join(filter(None, (", ".join(labels[:-1]), labels[-1])))
        raise UsageError(f"there are the sides {named}, and this format has one", "name it with --side")
    return result.sides[labels[0]]


def _count(result: ResultFile) -> int:
    """Rows that have samples."""
    return sum(bool(row.runs) for rows in result.sides.values() for row in rows)


def _without_samples(measurement: Measurement) -> Problem:
    return Problem(measurement.origin, None, f"{measurement.benchmark}: holds no samples; left out")


def _tell(problems: Sequence[Problem]) -> None:
    for problem in problems[:_SHOWN]:
        place = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
        click.echo(f"perfbench: {place}: {problem.message}", err=True)
    if len(problems) > _SHOWN:
        click.echo(f"perfbench: {len(problems) - _SHOWN} more problems", err=True)
