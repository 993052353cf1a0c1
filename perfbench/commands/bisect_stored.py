"""What the history already knows of the commits of a bisection: where to measure first. It decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from perfbench.commands.history_place import history_place
from perfbench.commands.workspace import Workspace
from perfbench.environment import machine_name
from perfbench.errors import PerfbenchError
from perfbench.measure.discovery import Row
from perfbench.model_history import AlertRule, NamedCommit, PlacedChange, Series, Timeline
from perfbench.units import format_ratio

SURENESS = AlertRule().sureness
SHORT = 8


@dataclass(frozen=True, slots=True)
class Hints:
    """Commits to measure first, and what the report says of it: nothing where there is no history."""

    commits: tuple[str, ...] = ()
    note: str = ""


def stored_hints(workspace: Workspace, row: Row, commits: Sequence[NamedCommit], limit: float) -> Hints:
    """The last commit before and the first one after the change that this machine's stored results see.

    Of its environments the one with most points between the ends counts, and of its changes the surest one that is as
    large as `limit` and as sure as an alert has to be. A history that cannot be read is none, and said to be.
    """
    if not _has_history(workspace):
        return Hints()
    try:
        found = _changes(workspace, row, commits)
    except PerfbenchError as error:
        return Hints(note=f"stored results are not used: {error.message}")
    if found is None:
        return Hints(note="there are no stored results of this row between good and bad on this machine")
    series, changes = found
    where = f"stored results of {series.key.environment or series.key.machine}"
    clear = [one for one in changes if _is_clear(one, limit)]
    if not clear:
        return Hints(note=f"{where} show no clear change between good and bad: they narrow nothing")
    change = max(clear, key=lambda one: one.change.sureness)
    note = (
        f"{where} see {format_ratio(change.change.ratio)} between {change.since[:SHORT]} and {change.commit[:SHORT]}: "
        "measured first"
    )
    return Hints((change.commit, change.since), note)


def _has_history(workspace: Workspace) -> bool:
    place = history_place(root=workspace.root)
    return place.url is not None or place.folder.is_dir()


def _changes(
    workspace: Workspace, row: Row, commits: Sequence[NamedCommit]
) -> tuple[Series, list[PlacedChange]] | None:
    """The series with most points between the ends, and its changes there."""
    from perfbench.analysis.series_changes import placed_changes  # noqa: PLC0415
    from perfbench.measure.timeline import timelines  # noqa: PLC0415
    from perfbench.results.history.arranging import arranged  # noqa: PLC0415

    (timeline,) = timelines(workspace.project, (commits[-1].commit,))
    known = {one.commit: one.commit for one in commits}
    best: Series | None = None
    most = 0
    with history_place(root=workspace.root).index() as index:
        for key in index.keys(_literal(str(row.benchmark)), machine_name()):
            if key.benchmark.name != row.benchmark.name or key.metric.name != row.metric.name:
                continue
            for part in arranged(index.series(key), (_unnamed(timeline, key.branch),))[0]:
                points = sum(commit in known for commit in part.commits)
                if points > most:
                    best, most = part, points
    if best is None:
        return None
    between = set(known) - {commits[0].commit}
    found = [one for one in placed_changes(best, timeline) if one.commit in between and one.since in known]
    return best, found


def _unnamed(timeline: Timeline, branch: str) -> Timeline:
    """The timeline under the name of a series' own branch, so that it is held against this one."""
    return Timeline(branch or timeline.branch, timeline.commits, timeline.dates, timeline.tags)


def _is_clear(placed: PlacedChange, limit: float) -> bool:
    from perfbench.analysis.alerts import size_of  # noqa: PLC0415

    return placed.change.sureness >= SURENESS and size_of(placed.change) >= limit


def _literal(name: str) -> str:
    """A name as a shell-style pattern of itself."""
    from glob import escape  # noqa: PLC0415

    return escape(name)
