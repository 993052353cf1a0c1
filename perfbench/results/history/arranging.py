"""Points put into git's order, branch by branch: a commit's date may lie, its parents do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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

    def places(self, commits: Sequence[str]) -> list[int | None]:
        """The place of each commit, as `place` says."""
        found = list(map(self._places.get, commits))
        if None in found:
            found = [self.place(commit) for commit in commits]
        return found

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

    def knows(self, commits: Iterable[str]) -> bool:
        """Whether any of the commits is on any of the branches."""
        return any(branch.place(commit) is not None for commit in commits for branch in self._branches)

    def of(self, series: Series) -> tuple[list[Series], list[Problem]]:
        """The same as `arranged`."""
        import numpy as np  # noqa: PLC0415

        named = series.key.branch
        own = [one for one in self._branches if not named or one.timeline.branch == named]
        if not own or not len(series):
            return [series], []
        found: list[Series] = []
        problems: list[Problem] = []
        lost = np.ones(len(series), dtype=bool)
        for branch in own:
            places = branch.places(series.commits)
            where = np.array([-1 if place is None else place for place in places], dtype=np.intp)
            known = np.flatnonzero(where >= 0)
            lost[known] = False
            if len(known):
                order = known[np.argsort(where[known], kind="stable")]
                part = _taken(series, order, branch.timeline.branch)
                found.append(part)
                problems += _backwards(part, branch.timeline, where[order])
        rest = np.flatnonzero(lost)
        if not len(rest):
            return found, problems
        problems.append(Problem(str(series.key), None, _lost_words(series, rest.tolist(), own)))
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


def _taken(series: Series, which: NDArray[np.intp], branch: str) -> Series:
    commits, versions, numbers = series.commits, series.versions, which.tolist()
    return replace(
        series,
        key=replace(series.key, branch=branch),
        commits=[commits[number] for number in numbers],
        dates=series.dates[which],
        values=series.values[which],
        low=series.low[which],
        high=series.high[which],
        versions=[versions[number] for number in numbers],
    )


def _backwards(part: Series, timeline: Timeline, places: NDArray[np.intp]) -> list[Problem]:
    """Said where a later commit of the branch has an earlier date: git's order counts."""
    import numpy as np  # noqa: PLC0415

    wrong = np.flatnonzero((np.diff(part.dates) < 0) & (np.diff(places) != 0))
    if not len(wrong):
        return []
    before, commit = part.commits[int(wrong[0])], part.commits[int(wrong[0]) + 1]
    message = (
        f"the date of {commit[:8]} lies before that of {before[:8]}, which it follows on"
        f" {timeline.branch}: git's order counts"
    )
    return [Problem(str(part.key), None, message)]


def _lost_words(series: Series, lost: Sequence[int], branches: Sequence[_Branch]) -> str:
    commits = list(dict.fromkeys(series.commits[number] for number in lost))
    names = " or ".join(dict.fromkeys(one.timeline.branch for one in branches))
    first = commits[0][:8]
    which = first if len(commits) == 1 else f"{len(commits)} commits (first {first})"
    verb = "is" if len(commits) == 1 else "are"
    return f"{which} {verb} not on {names}, as after a rewritten history: in the order of dates, apart"
