"""One order of all commits of a history, in which every branch keeps its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from perfbench.model_history import Series, Timeline


@dataclass(frozen=True, slots=True)
class CommitOrder:
    """All commits, the oldest first. `numbers` says where in `hashes` each stands; `dates` are seconds."""

    hashes: tuple[str, ...]
    dates: tuple[float, ...]
    tags: Mapping[str, str]
    numbers: Mapping[str, int]

    def only(self, wanted: Iterable[str]) -> CommitOrder:
        """The same order of some of the commits, numbered anew."""
        chosen = set(wanted)
        kept = [
            (commit, date) for commit, date in zip(self.hashes, self.dates, strict=True) if commit in chosen
        ]
        return _order(kept, self.tags)


def commit_order(timelines: Iterable[Timeline], series: Iterable[Series]) -> CommitOrder:
    """Commits of branches in git's order, and those on no branch by their date.

    Clocks go backwards, so a commit of a branch never counts as older than those before it. Branches share their
    beginnings, whose commits have the same place in each, so the order of one never breaks that of another.
    """
    places: dict[str, tuple[float, int]] = {}
    dates: dict[str, float] = {}
    tags: dict[str, str] = {}
    for timeline in timelines:
        newest = float("-inf")
        for number, (commit, date) in enumerate(zip(timeline.commits, timeline.dates, strict=True)):
            newest = max(newest, date)
            places.setdefault(commit, (newest, number))
            dates.setdefault(commit, date)
        tags.update(timeline.tags)
    for one in series:
        for commit, date in zip(one.commits, one.dates, strict=True):
            if commit not in places:
                known = float(date) if math.isfinite(date) else 0.0
                places[commit] = (known, -1)
                dates[commit] = known
    ordered = sorted(places, key=lambda commit: (places[commit], commit))
    return _order([(commit, dates[commit]) for commit in ordered], tags)


def _order(commits: list[tuple[str, float]], tags: Mapping[str, str]) -> CommitOrder:
    hashes = tuple(commit for commit, _ in commits)
    numbers = {commit: number for number, commit in enumerate(hashes)}
    return CommitOrder(hashes, tuple(date for _, date in commits), tags, numbers)
