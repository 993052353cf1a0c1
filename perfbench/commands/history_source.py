"""A history as commands show it: read from the index, put into git's order, searched for changes."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench import __version__
from perfbench.acceptances import ACCEPTED_FILE, load_acceptances, utc_day
from perfbench.commands.history_place import HistoryPlace, history_place
from perfbench.errors import PerfbenchError, UsageError
from perfbench.model import Problem
from perfbench.model_history import (
    Alert,
    HistoryReport,
    PlacedChange,
    Series,
    SeriesKey,
    SeriesReport,
    Timeline,
)
from perfbench.results.history.arranging import Arranging

if TYPE_CHECKING:
    from perfbench.analysis.alerts import ToldAlert


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which series are meant; shell-style patterns, None for all. `branch` is a name."""

    pattern: str = "*"
    machine: str | None = None
    environment: str | None = None
    branch: str | None = None


def history_report(
    root: Path,
    wanted: Wanted | None = None,
    *,
    folder: Path | None = None,
    already_told: Collection[ToldAlert] | None = None,
    detect: bool = True,
) -> HistoryReport:
    """The history of the project at `root`: every series wanted, by branch, with its changes and alerts.

    Timelines are those of the branches of `[history]`, of asv.conf.json, or the main branch; none outside of a
    repository. Without `detect` no changes are looked for. `already_told` are the alerts that are remembered, so that
    each keeps its id; None reads them from the folder. Raises UsageError where there is no history, or
    nothing in it that is wanted.
    """
    return report_of(history_place(folder, root), wanted, already_told=already_told, detect=detect)


def report_of(
    place: HistoryPlace,
    wanted: Wanted | None = None,
    *,
    already_told: Collection[ToldAlert] | None = None,
    detect: bool = True,
) -> HistoryReport:
    """The same of a place that is known already: another folder's history, with this project's settings."""
    wanted = wanted or Wanted()
    timelines, problems = timelines_of(place, wanted.branch)
    with place.index() as index:
        keys = index.keys(wanted.pattern, wanted.machine, wanted.environment)
        series, arranging = arranged_series(index.all_series(keys), timelines)
        problems += index.problems()
    found = [one for one in series if wanted.branch in (None, one.key.branch)]
    if not found:
        raise _nothing(place, wanted)
    by_branch = {timeline.branch: timeline for timeline in timelines}
    reports = [_with_changes(one, by_branch.get(one.key.branch), detect=detect) for one in found]
    return HistoryReport(
        project=_project(place, found),
        reports=tuple(
            _with_alerts(place, reports, _remembered(place) if already_told is None else already_told)
        ),
        timelines=by_branch,
        problems=tuple(problems + arranging),
        created=time.time(),
        commit_url=_commit_url(place),
        version=__version__,
    )


@contextmanager
def wanted_series(place: HistoryPlace, wanted: Wanted) -> Iterator[Iterator[Series]]:
    """The series wanted, one in memory at a time, each point once: in the order of dates, or of one branch.

    Raises UsageError where there is nothing that is wanted.
    """
    with place.index() as index:
        keys = index.keys(wanted.pattern, wanted.machine, wanted.environment)
        found = index.all_series(keys)
        if wanted.branch is not None:
            timelines, _ = timelines_of(place, wanted.branch)
            arranged, _ = arranged_series(found, timelines)
            found = iter([one for one in arranged if one.key.branch == wanted.branch])
        first = next(found, None)
        if first is None:
            raise _nothing(place, wanted)
        yield chain([first], found)


def timelines_of(place: HistoryPlace, branch: str | None = None) -> tuple[list[Timeline], list[Problem]]:
    """The timelines of the project's branches, or of one; what cannot be had of them are problems.

    Raises UsageError for a branch of the settings that there is not.
    """
    from perfbench.measure.timeline import timelines  # noqa: PLC0415

    config = place.asv()
    settings = place.config.history.branches
    named = (branch,) if branch else settings or (config.branches if config else ())
    try:
        return list(timelines(place.root, named)), []
    except PerfbenchError as error:
        from perfbench.measure.repository import opened  # noqa: PLC0415

        try:
            with opened(place.root):
                pass
        except PerfbenchError:
            return [], []  # a history of files alone
        if settings and not branch:
            raise
        return [], [Problem(str(place.root), None, str(error))]


def arranged_series(
    found: Iterable[Series], timelines: Sequence[Timeline]
) -> tuple[list[Series], list[Problem]]:
    """Every series by branch, in git's order; one problem for all series that say the same.

    A project of which no commit at all is on the timelines is another one than the repository's: its series
    stay in the order of dates, and there is nothing wrong with that.
    """
    arranging = Arranging(timelines)
    by_project: dict[str, list[Series]] = {}
    for series in found:
        by_project.setdefault(series.key.benchmark.suite, []).append(series)
    arranged: list[Series] = []
    said: dict[str, list[Problem]] = {}
    for each in by_project.values():
        if not arranging.knows(set[str]().union(*(series.commits for series in each))):
            arranged += each
            continue
        for series in each:
            parts, problems = arranging.of(series)
            arranged += parts
            for problem in problems:
                said.setdefault(problem.message, []).append(problem)
    return arranged, list(_told_once(said.values()))


def _told_once(alike: Iterable[list[Problem]]) -> Iterator[Problem]:
    for problems in alike:
        more = f" (and {len(problems) - 1} more series)" if len(problems) > 1 else ""
        yield replace(problems[0], path=f"{problems[0].path}{more}")


def _with_changes(series: Series, timeline: Timeline | None, *, detect: bool) -> SeriesReport:
    from perfbench.analysis.series_changes import placed_changes  # noqa: PLC0415

    return SeriesReport(series, placed_changes(series, timeline) if detect else ())


def _with_alerts(
    place: HistoryPlace, reports: Sequence[SeriesReport], already_told: Collection[ToldAlert]
) -> Iterator[SeriesReport]:
    """The same reports with what the rules of `[[history.alert]]` call out."""
    from perfbench.analysis.alerts import raise_alerts  # noqa: PLC0415

    accepted = load_acceptances(place.root / place.config.baselines / ACCEPTED_FILE)
    changes: list[PlacedChange] = [change for report in reports for change in report.changes]
    rules = place.config.history.alerts
    by_key: dict[SeriesKey, list[Alert]] = {}
    for alert in raise_alerts(changes, rules, accepted, utc_day(time.time()), already_told):
        by_key.setdefault(alert.placed.key, []).append(alert)
    for report in reports:
        alerts = tuple(by_key.get(report.series.key, ()))
        yield replace(report, alerts=alerts) if alerts else report


def _remembered(place: HistoryPlace) -> Collection[ToldAlert]:
    """What `history alerts` keeps in mind; nothing where that cannot be read, as it complains of itself."""
    from perfbench.commands.told_alerts import read_told  # noqa: PLC0415

    try:
        return read_told(place.folder)[0]
    except PerfbenchError:
        return ()


def _nothing(place: HistoryPlace, wanted: Wanted) -> UsageError:
    from difflib import get_close_matches  # noqa: PLC0415

    with place.index() as index:
        keys, problems = index.keys(), index.problems()
    if not keys and problems:
        return UsageError(f"the history holds no points: {problems[0].message}", "import again what it was")
    if not keys:
        return UsageError(
            "the history holds no points yet", "bring results in: perfbench history import PATH"
        )
    for word, given, known in (
        ("machine", wanted.machine, {key.machine for key in keys}),
        ("environment", wanted.environment, {key.environment for key in keys}),
        ("series", wanted.pattern, {str(key.benchmark) for key in keys}),
    ):
        near = get_close_matches((given or "").replace("*", ""), sorted(known), n=1)
        if given and given != "*" and near and given != near[0]:
            return UsageError(f"no {word} of the history fits {given!r}", f"the nearest is {near[0]}")
    remedy = "perfbench history show lists the series"
    branch = f" on the branch {wanted.branch!r}" if wanted.branch else ""
    return UsageError(f"no series of the history fits{branch}: {wanted.pattern!r}", remedy)


def _project(place: HistoryPlace, found: Sequence[Series]) -> str:
    """What the history is called: its one project, else that of asv.conf.json, else the folder."""
    names = {series.key.benchmark.suite for series in found} - {""}
    if len(names) == 1:
        return names.pop()
    config = place.asv()
    return (config.project if config else "") or place.root.name


def _commit_url(place: HistoryPlace) -> str:
    """What a commit's hash is put behind; empty where nothing says it."""
    if place.config.history.commit_url is not None:
        return place.config.history.commit_url
    config = place.asv()
    return config.commit_url if config else ""
