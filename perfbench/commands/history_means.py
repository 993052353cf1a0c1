"""What an import needs to know of git, of statistics and of projects, from the rooms that know it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

import click

from perfbench.errors import PerfbenchError
from perfbench.results.history.foreign_points import Passing
from perfbench.results.history.importing import Means

CONFIDENCE = 0.99
"""The level of asv's own intervals, so that those of other files mean the same."""

_CONFIGURATION = "asv.conf.json"
_UPWARDS = 4
_SHORTEST = 7


def means(root: Path, repo: Path | None = None) -> Means:
    """For the project at `root`; commits are looked up in `repo`, or else in the repository around `root`."""
    from perfbench.measure.labels import CONTROL_ID, TWIN  # noqa: PLC0415

    return Means(
        bounds=bounds,
        passing=Passing(frozenset({TWIN}), frozenset({CONTROL_ID})),
        dates=_Git(repo or root),
        project_of=project_of,
        waiting=_say_waiting,
    )


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """The interval of the median at 99 %; NaN for so few values that it cannot be had."""
    from perfbench.analysis.intervals import median_interval  # noqa: PLC0415

    if len(values) < 2:
        return math.nan, math.nan
    found = median_interval(values, CONFIDENCE)
    return (found.low, found.high) if found.confidence >= CONFIDENCE else (math.nan, math.nan)


@cache
def project_of(folder: Path) -> str:
    """The project of the asv.conf.json, a little above, whose results lie in `folder`; empty where there is none."""
    from perfbench.measure.asv_document import AsvDocument  # noqa: PLC0415

    for above in folder.parents[:_UPWARDS]:
        path = above / _CONFIGURATION
        if not path.is_file():
            continue
        try:
            document = AsvDocument.read(path)
            results = above / document.string("results_dir", "results")
            if results.resolve() == folder.resolve():
                return document.string("project", "")
        except (PerfbenchError, OSError):
            continue
    return ""


class _Git:
    """The dates of commits, from a repository that is read once and only if it is asked."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository

    def __call__(self, commits: Iterable[str]) -> Mapping[str, float]:
        return {commit: date for commit in commits if (date := self._date(commit))}

    def _date(self, commit: str) -> float:
        """0 for what git does not know, or could mean two commits."""
        from bisect import bisect_left  # noqa: PLC0415

        place = bisect_left(self._hashes, commit)
        alike = [known for known in self._hashes[place : place + 2] if known.startswith(commit)]
        return self._dates[alike[0]] if len(alike) == 1 and len(commit) >= _SHORTEST else 0.0

    @cached_property
    def _dates(self) -> dict[str, float]:
        from perfbench.measure.timeline import commit_dates  # noqa: PLC0415

        return commit_dates(self._repository)

    @cached_property
    def _hashes(self) -> list[str]:
        return sorted(self._dates)


def _say_waiting() -> None:
    click.echo("perfbench: waiting for another import into this history", err=True)
