"""`perfbench history run`: the benchmarks over the repository's own commits, measured by asv."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfbench.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from perfbench.commands.workspace import Workspace
    from perfbench.measure.asv_history import AsvHistory, Facts
    from perfbench.measure.history_results import Tally


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The options."""

    within: str | None
    step: int
    tagged: bool
    only_new: bool
    expressions: tuple[str, ...]
    attributes: tuple[str, ...]
    quick: bool
    dry_run: bool
    machine: str | None
    results: Path | None
    quiet: bool


@click.command()
@click.option(
    "--range", "within", metavar="A..B", help="Only commits of this range, as git rev-list takes it."
)
@click.option(
    "--step", type=click.IntRange(1), default=1, metavar="N", help="Every n-th, counted from the oldest."
)
@click.option("--tags", "tagged", is_flag=True, help="Only commits that carry a tag.")
@click.option(
    "--new", "only_new", is_flag=True, help="Only commits of which some environment has no results."
)
@click.option(
    "--bench",
    "expressions",
    multiple=True,
    metavar="REGEX",
    help="Only rows of asv's that it finds, where texts stand in quotes: time_load\\('json'\\).",
)
@click.option(
    "--attribute",
    "-a",
    "attributes",
    multiple=True,
    metavar="NAME=VALUE",
    help="An attribute of asv's for every row, rounds=4 for instance.",
)
@click.option("--quick", is_flag=True, help="A trial: each row once, and nothing is kept.")
@click.option("--dry-run", is_flag=True, help="Say which commits would be measured; measure nothing.")
@click.option(
    "--machine", metavar="NAME", help="This machine's name in the results (default: asv's, the host's)."
)
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help='Where results go (default: "results_dir" of the asv configuration).',
)
@click.option("--quiet", "-q", is_flag=True, help="Show nothing of what asv says.")
def command(**options: Any) -> ExitCode:
    """Measure commits of this repository with asv, the newest first.

    Today's benchmarks run on every commit, in every environment of asv.conf.json. What has been measured is
    not measured again, so that an interrupted run goes on with the commit and environment in which it
    stopped. Rows for which an old commit has no means are skipped, and lacking.jsonl beside the results says why.
    """  # fmt: skip
    from perfbench.commands.machine import alone_on_machine  # noqa: PLC0415
    from perfbench.commands.workspace import open_workspace  # noqa: PLC0415
    from perfbench.measure.asv_history import AsvHistory  # noqa: PLC0415

    wanted = _Wanted(**options)
    _check(wanted.expressions)
    workspace = open_workspace()
    head, commits = _commits(workspace, wanted)
    if wanted.dry_run and not wanted.only_new:
        click.echo("\n".join(commits))
        return ExitCode.PASSED
    place = wanted.results.absolute() if wanted.results is not None else None
    with AsvHistory(workspace.asv.path, workspace.project, head, place) as history:
        facts = history.facts(wanted.machine)
        for python in facts.missing:
            _say(f"Python {python} is not installed here, and left out")
        if wanted.only_new:
            commits = _unmeasured(history, facts, commits)
        if wanted.dry_run or not commits:
            click.echo("\n".join(commits) or "nothing to measure: every commit has results")
            return ExitCode.PASSED
        with alone_on_machine(_say):
            return _measured(history, facts, commits, wanted)


def _commits(workspace: Workspace, wanted: _Wanted) -> tuple[str, tuple[str, ...]]:
    """HEAD, and the commits to measure."""
    from perfbench.measure import repository  # noqa: PLC0415
    from perfbench.measure.history_commits import chosen_commits  # noqa: PLC0415

    if not workspace.has_suite or workspace.built_in:
        raise UsageError(
            f"{workspace.root} has no asv benchmarks, and a history runs no others",
            "`asv quickstart` begins a suite",
        )
    with repository.opened(workspace.project) as repo:
        head = repository.commit_of(repo, "HEAD")
        if head is None:
            raise UsageError("this repository has no commits yet", "make one")
        branches = workspace.asv.branches
        return head, chosen_commits(
            repo, branches, within=wanted.within, tagged=wanted.tagged, step=wanted.step
        )


def _measured(history: AsvHistory, facts: Facts, commits: Sequence[str], wanted: _Wanted) -> ExitCode:
    from perfbench.measure import history_results  # noqa: PLC0415

    folder = history.results / facts.machine
    if not wanted.quick:
        for path in history_results.put_aside_spoilt(folder, commits):
            _say(f"{path.stem} is not whole, as a killed run leaves it; it is called {path.name} now")
        history_results.reopen_unexplained(folder, commits, wanted.expressions)
    size = f"{len(commits)} commits × {len(facts.environments)} environments"
    _say(f"{size}, into {folder}" if not wanted.quick else f"{size}, on trial")
    say = _unheard if wanted.quiet else _say
    chosen = {"expressions": wanted.expressions, "attributes": wanted.attributes}
    well = history.run(commits, facts, say, **chosen, trial=wanted.quick)
    if wanted.quick:
        click.echo("every row ran" if well else "some rows failed: asv has named them above")
        return ExitCode.PASSED if well else ExitCode.NOTHING_MEASURED
    found = history_results.tally(folder, commits, wanted.expressions)
    click.echo(f"{size}: {_counted(found)}; {folder}")
    return ExitCode.PASSED if found.values else ExitCode.NOTHING_MEASURED


def _unmeasured(history: AsvHistory, facts: Facts, commits: Sequence[str]) -> tuple[str, ...]:
    from perfbench.measure.history_results import environments_of  # noqa: PLC0415

    folder = history.results / facts.machine
    return tuple(
        commit for commit in commits if not environments_of(folder, commit).issuperset(facts.environments)
    )


def _counted(found: Tally) -> str:
    words = [f"{found.values} rows have a value"]
    if found.skipped:
        words.append(f"{found.skipped} were skipped, {found.lacking} of them for what their commit lacks")
    if found.failed:
        words.append(f"{found.failed} failed")
    return ", ".join(words)


def _check(expressions: Sequence[str]) -> None:
    for expression in expressions:
        try:
            re.compile(expression)
        except re.error as error:
            raise UsageError(
                f"--bench {expression!r} is no regular expression: {error}", "quote it"
            ) from None


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _unheard(_sentence: str) -> None:
    pass
