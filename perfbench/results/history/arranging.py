"""Points put into git's order, branch by branch: a commit's date may lie, its parents do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from perfbench.model import Problem
from perfbench.model_history import Series, Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORTEST = 7
"""Fewer characters of a hash name no commit."""


class _Branch:
    """A timeline in which commits are found by hash, whole or shortened."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._places = {commit: place for place, commit in enumerate(timeline.commits)}
        self._length = len(timeline.commits[0]) if timeline.commits else 0
        self._shortened: dict[int, dict[str, int]] = {}

    def place(self, commit: str) -> int | None:
        """Where a commit stands, None where it does not, or where its shortened name could be two."""
        place = self._places.get(commit)
        length = len(commit)
        if place is not None or not SHORTEST <= length < self._length:
            return place
        if length not in self._shortened:
            often = Counter(known[:length] for known in self.timeline.commits)
            self._shortened[length] = {
                known[:length]: number for known, number in self._places.items() if often[known[:length]] == 1
            }
        return self._shortened[length].get(commit)


class Arranging:
    """Puts series into the order of some timelines, which are looked through once."""

    def __init__(self, timelines: Sequence[Timeline]) -> None:
        self._branches = [_Branch(timeline) for timeline in timelines]

    def knows(self, commit: str) -> bool:
        """Whether a commit is on any of the branches."""
        return any(branch.place(commit) is not None for branch in self._branches)

    def of(self, series: Series) -> tuple[list[Series], list[Problem]]:
        """The same as `arranged`."""
        named = series.key.branch
        own = [one for one in self._branches if not named or one.timeline.branch == named]
        if not own or not len(series):
            return [series], []
        found: list[Series] = []
        problems: list[Problem] = []
        lost = set(range(len(series)))
        for branch in own:
            placed = [
                (place, n)
                for n, commit in enumerate(series.commits)
                if (place := branch.place(commit)) is not None
            ]
            placed.sort()
            lost.difference_update(number for _, number in placed)
            if placed:
                part = _taken(series, [number for _, number in placed], branch.timeline.branch)
                found.append(part)
                problems += _backwards(part, branch.timeline, [place for place, _ in placed])
        if not lost:
            return found, problems
        rest = sorted(lost)
        problems.append(Problem(str(series.key), None, _lost_words(series, rest, own)))
        return [*found, _taken(series, rest, "") if found else series], problems


def arranged(series: Series, timelines: Sequence[Timeline]) -> tuple[list[Series], list[Problem]]:
    """One series for each branch whose first-parent commits hold points, in git's order.

    A series that names its branch is held against that timeline alone. Points of one commit stay in the order
    in which they came. Commits on none of the branches (rewritten history, or another branch) become a problem:
    they form a series of the branch "", in the order of dates; where none of a series' commits is on any
    branch, it stays as it is. Hashes may be shortened in the files. Without timelines the series comes back as
    it is. For many series, `Arranging(timelines).of` looks through the timelines once.
    """
    return Arranging(timelines).of(series)


def _taken(series: Series, which: Sequence[int], branch: str) -> Series:
    import numpy as np  # noqa: PLC0415

    numbers: NDArray[np.intp] = np.array(which, dtype=np.intp)
    return replace(
        series,
        key=replace(series.key, branch=branch),
        commits=[series.commits[number] for number in which],
        dates=series.dates[numbers],
        values=series.values[numbers],
        low=series.low[numbers],
        high=series.high[numbers],
        versions=[series.versions[number] for number in which],
    )


def _backwards(part: Series, timeline: Timeline, places: Sequence[int]) -> list[Problem]:
    """Said where a later commit of the branch has an earlier date: git's order counts."""
    dates = part.dates.tolist()
    for number in range(1, len(dates)):
        if dates[number] < dates[number - 1] and places[number] != places[number - 1]:
            commit, before = part.commits[number], part.commits[number - 1]
            message = (
                f"the date of {commit[:8]} lies before that of {before[:8]}, which it follows on"
                f" {timeline.branch}: git's order counts"
            )
            return [Problem(str(part.key), None, message)]
    return []


def _lost_words(series: Series, lost: Sequence[int], branches: Sequence[_Branch]) -> str:
    commits = list(dict.fromkeys(series.commits[number] for number in lost))
    names = " or ".join(dict.fromkeys(one.timeline.branch for one in branches))
    first = commits[0][:8]
    which = first if len(commits) == 1 else f"{len(commits)} commits (first {first})"
    verb = "is" if len(commits) == 1 else "are"
    return f"{which} {verb} not on {names}, as after a rewritten history: in the order of dates, apart"
