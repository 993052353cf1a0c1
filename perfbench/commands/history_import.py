"""`perfbench history import`: results of any project and format into the history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfbench.commands.history_place import history_place, in_folder
from perfbench.commands.options import stacked
from perfbench.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from perfbench.model import Problem
    from perfbench.results.history.importing import Imported
    from perfbench.results.history.told import Told

_SHOWN = 20
"""So many problems are told one by one."""

_telling = stacked(
    click.option("--commit", metavar="HASH", help="Of files that tell no commit."),
    click.option(
        "--date", metavar="DATE", help="That commit's date: 2026-01-31, or with a time, or seconds."
    ),
    click.option("--branch", metavar="BRANCH", help="Which branch was measured."),
    click.option("--machine", metavar="NAME", help="What the machine is called, whatever the files say."),
    click.option("--environment", metavar="NAME", help="What the environment is called."),
    click.option("--project", metavar="NAME", help="Whose benchmarks they are."),
)


@click.command()
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=click.Path(path_type=Path))
@_telling
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The repository that knows the commits' dates (default: the one around this folder).",
)
@click.option("--in-place", is_flag=True, help="Leave the files where they are, and refer to them.")
@click.option("--rebuild", is_flag=True, help="Build the index again from all that the history keeps.")
@in_folder
def command(
    paths: tuple[Path, ...],
    repo: Path | None,
    in_place: bool,
    rebuild: bool,
    folder: Path | None,
    **told: str | None,
) -> ExitCode:
    """Take in result files, or folders of them: asv's trees of any project, and all that `compare` reads.

    Files are copied into the history, from which its index can be built again at any time. What is there already
    stays as it is, and a file that changed replaces its points. What cannot be used is said by name, and the rest
    comes in.
    """
    if not paths and not rebuild:
        raise UsageError("there is nothing to import", "name result files or folders of them")
    if paths and rebuild:
        raise UsageError("--rebuild reads what the history keeps, and no other files", "import them after it")
    from perfbench.commands.history_means import means  # noqa: PLC0415
    from perfbench.results.history import importing  # noqa: PLC0415

    place = history_place(folder)
    if repo is not None and not repo.exists():
        raise UsageError(f"there is no repository {repo}", "name one with --repo")
    if rebuild and not place.folder.is_dir():
        raise UsageError(f"there is no history in {place.folder}", "import something first")
    with_means = means(place.root, repo)
    if rebuild:
        done = importing.rebuild(place.folder, place.url, with_means)
    else:
        done = importing.import_paths(
            place.folder, place.url, paths, told=_told(**told), means=with_means, in_place=in_place
        )
    _tell(done.problems)
    click.echo(_summary(done))
    if done.files:
        from perfbench.commands.history_following import follow, said  # noqa: PLC0415  (with it comes NumPy)

        for line in said(follow(place), _SHOWN):
            click.echo(line)
    return ExitCode.PASSED if done.files or done.unchanged else ExitCode.NOTHING_MEASURED


def _told(date: str | None, **told: str | None) -> Told:
    from perfbench.results.history.told import Told  # noqa: PLC0415

    given: dict[str, Any] = {name: text.strip() for name, text in told.items() if text is not None}
    for name, text in given.items():
        if not text or not text.isprintable():
            raise UsageError(
                f"--{name} is empty, or holds what cannot be printed", "leave it out, or name one"
            )
    if date is not None:
        given["date"] = _moment(date)
    return Told(**given)


def _moment(text: str) -> float:
    """A date without a zone is UTC, so that it means the same everywhere."""
    from datetime import UTC  # noqa: PLC0415

    from perfbench.results.gathering import moment  # noqa: PLC0415
    from perfbench.results.result_file import LATEST  # noqa: PLC0415

    try:
        seconds = float(text)
    except ValueError:
        seconds = moment(text, UTC)
    if not 0 < seconds <= LATEST:
        raise UsageError(f"--date {text!r} is no date", "write 2026-01-31, or 2026-01-31T12:00:00+00:00")
    return seconds


def _tell(problems: Sequence[Problem]) -> None:
    for problem in problems[:_SHOWN]:
        place = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
        click.echo(f"perfbench: {place}: {problem.message}", err=True)
    if len(problems) > _SHOWN:
        more = len(problems) - _SHOWN
        click.echo(
            f"perfbench: {more} more problems; perfbench history show --problems lists them all", err=True
        )


def _summary(done: Imported) -> str:
    from perfbench.units import format_duration  # noqa: PLC0415

    words = [f"{done.files} file{'' if done.files == 1 else 's'} imported"]
    if done.replaced:
        words[0] += f" ({done.replaced} in place of older ones)"
    words += [f"{done.unchanged} there already"] if done.unchanged else []
    words += [f"{done.unusable} left out"] if done.unusable else []
    return f"{', '.join(words)}: {done.runs} runs, {done.points} points, {format_duration(done.seconds)}"
