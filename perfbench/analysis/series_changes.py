"""The changes of a series, each with the commits between which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from perfbench.analysis.changepoints import changes_of
from perfbench.model_history import PlacedChange

if TYPE_CHECKING:
    from perfbench.model_history import Change, Series, Timeline


def placed_changes(series: Series, timeline: Timeline | None = None) -> tuple[PlacedChange, ...]:
    """All changes of a series, the oldest first.

    Points of different versions of a benchmark are not compared: each stretch of one version is looked at by itself.
    `timeline` is the series' branch, if git was asked; it tells which commits between two points were not measured.
    """
    positions = {commit: at for at, commit in enumerate(timeline.commits)} if timeline else {}
    found = []
    for begin, end in _stretches(series):
        stretch = slice(begin, end)
        changes = changes_of(
            series.values[stretch], series.low[stretch], series.high[stretch], series.key.metric.better
        )
        found += [_placed(series, _moved(change, begin), timeline, positions) for change in changes]
    return tuple(found)


def _stretches(series: Series) -> Iterator[tuple[int, int]]:
    """The (begin, end) of each stretch of points of one version."""
    begin = 0
    versions = series.versions
    for at in range(1, len(series) + 1):
        if at == len(series) or versions[at] != versions[begin]:
            yield begin, at
            begin = at


def _moved(change: Change, by: int) -> Change:
    return replace(
        change,
        index=change.index + by,
        earliest=change.earliest + by,
        latest=change.latest + by,
        recovered=None if change.recovered is None else change.recovered + by,
    )


def _placed(
    series: Series, change: Change, timeline: Timeline | None, positions: dict[str, int]
) -> PlacedChange:
    since, commit = series.commits[change.index - 1], series.commits[change.index]
    between: tuple[str, ...] | None = None
    if timeline is not None and since in positions and commit in positions:
        between = timeline.commits[positions[since] + 1 : positions[commit]]
    return PlacedChange(
        key=series.key,
        change=change,
        since=since,
        commit=commit,
        date=float(series.dates[change.index]),
        between=between,
        recovered_at=None if change.recovered is None else series.commits[change.recovered],
        within=tuple(series.commits[change.earliest : change.latest + 1]),
    )
