"""What an import changed: which changes of level are new, which are confirmed by now, and which have gone again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perfbench.analysis.watching import WINDOW, Watched, is_settled, watch
from perfbench.model_history import Direction, Status
from perfbench.results.history.watched_file import WatchedLine, read_watched, write_watched
from perfbench.units import format_ratio

if TYPE_CHECKING:
    from perfbench.commands.history_place import HistoryPlace
    from perfbench.model_history import SeriesEnd, SeriesKey

_WORST_FIRST = (Direction.REGRESSION, Direction.CHANGE, Direction.IMPROVEMENT)


@dataclass(frozen=True, slots=True)
class Followed:
    """A change of a series whose status the last import changed. `commit` saw the new level first."""

    key: SeriesKey
    commit: str
    watched: Watched

    def __str__(self) -> str:
        ratio = self.watched.ratio
        size = "" if math.isnan(ratio) else f" {format_ratio(ratio)}"
        return f"{self.watched.status.value}: {self.key}{size} at {self.commit[:8]} ({self.watched.direction.value})"


def follow(place: HistoryPlace) -> list[Followed]:
    """The changes whose status has changed since the last import, the worst first.

    Of a history that is followed for the first time every change is taken as known, and none is given.
    """
    before = read_watched(place.folder)
    with place.index() as index:
        ends = list(index.ends(WINDOW))
    if not ends:
        return []
    rows = np.full((len(ends), WINDOW), np.nan)
    for row, end in zip(rows, ends, strict=True):
        row[WINDOW - len(end.values) :] = end.values
    known = {
        number: recalled
        for number, end in enumerate(ends)
        if (recalled := tuple(_recalled(end, (before or {}).get(str(end.key), ()))))
    }
    found = watch(rows, [end.length for end in ends], known, [end.key.metric.better for end in ends])
    if before is None:
        found = {
            row: tuple(_at_once(each, ends[row].length) for each in all_of) for row, all_of in found.items()
        }
    write_watched(
        place.folder, {str(ends[row].key): _lines(ends[row], all_of) for row, all_of in found.items()}
    )
    if before is None:
        return []
    return sorted(_moved(ends, known, found), key=lambda one: _WORST_FIRST.index(one.watched.direction))


def _recalled(end: SeriesEnd, lines: Sequence[WatchedLine]) -> Iterator[Watched]:
    """What was known of a series, at the places its commits have now; what has left the window is forgotten."""
    offset = end.length - len(end.commits)
    for line in lines:
        if line.commit in end.commits:
            ratio = math.nan if line.ratio is None else line.ratio
            index = offset + end.commits.index(line.commit)
            yield Watched(index, line.seen, line.status, line.direction, ratio, line.sureness)


def _lines(end: SeriesEnd, changes: Sequence[Watched]) -> tuple[WatchedLine, ...]:
    return tuple(
        WatchedLine(
            _commit(end, one),
            one.seen,
            one.status,
            one.direction,
            None if math.isnan(one.ratio) else one.ratio,
            one.sureness,
        )
        for one in changes
    )


def _commit(end: SeriesEnd, watched: Watched) -> str:
    return end.commits[watched.index - (end.length - len(end.commits))]


def _at_once(watched: Watched, length: int) -> Watched:
    """Nobody has followed it so far: it counts as confirmed if it is old and sure enough."""
    return replace(watched, status=Status.CONFIRMED) if is_settled(watched, length) else watched


def _moved(
    ends: Sequence[SeriesEnd], known: dict[int, tuple[Watched, ...]], found: dict[int, tuple[Watched, ...]]
) -> Iterator[Followed]:
    for row, changes in found.items():
        before = {(one.index, one.status) for one in known.get(row, ())}
        seen = {one.seen for one in known.get(row, ())}
        for one in changes:
            # A new change whose place moved by a point is no news.
            is_news = one.status is not Status.NEW or one.seen not in seen
            if is_news and (one.index, one.status) not in before:
                yield Followed(ends[row].key, _commit(ends[row], one), one)


def said(followed: Sequence[Followed], most: int) -> list[str]:
    """Lines for a terminal: how many of each status, then the first of them by name."""
    if not followed:
        return []
    counts = [
        f"{count} {status.value}"
        for status in Status
        if (count := sum(one.watched.status is status for one in followed))
    ]
    lines = [f"changes: {', '.join(counts)}", *(f"  {one}" for one in followed[:most])]
    more = len(followed) - most
    return [*lines, f"  and {more} more: perfbench history show"] if more > 0 else lines
