"""What a reader of another tool's file has understood so far: rows by side, outcomes, problems."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, tzinfo

from perfbench.model import BenchmarkId, Environment, Measurement, Outcome, Problem, Summary
from perfbench.results.result_file import (
    HEAD,
    LATEST,
    MAX_PROBLEMS,
    Header,
    ResultFile,
    RowOutcome,
    SideHeader,
    shortened,
)

MAX_ROWS = 100_000
"""So many rows of each side are read; more do not fit into memory with all that is made of them."""

UNKNOWN = Environment("", "", 0, 0, "", "", "")
"""The environment of a file that does not tell any."""


class UnusableError(ValueError):
    """Why an entry cannot be used."""


class Gathering:
    """Collects what one file holds. A row that comes twice on a side is a problem; the first one counts."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._sides: dict[str, dict[tuple[BenchmarkId, str], Measurement]] = {}
        self._outcomes: dict[tuple[BenchmarkId, str], RowOutcome] = {}
        self._problems: list[Problem] = []
        self._unlisted = 0

    def note(self, message: str, line: int | None = None) -> None:
        """Keep a problem; those after the first hundred are only counted."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Problem(self.path, line, shortened(message)))
        else:
            self._unlisted += 1

    def note_repeated(self, keys: Iterable[str]) -> None:
        """Keep that these keys stood more than once in one JSON object."""
        for key in keys:
            self.note(f"the key {key!r} stands twice in one object; the last one counts")

    def take(self, measurement: Measurement, side: str = HEAD, line: int | None = None) -> None:
        """Keep a measurement of that side."""
        rows = self._sides.setdefault(side, {})
        key = (measurement.benchmark, measurement.metric.name)
        if key in rows:
            self.note(f"{measurement.benchmark} ({key[1]}) is there already; the first counts", line)
        elif len(rows) >= MAX_ROWS:
            self.note(f"{measurement.benchmark} is left out: {MAX_ROWS} rows are read", line)
        else:
            rows[key] = measurement

    def take_outcome(self, benchmark: BenchmarkId, outcome: Outcome, reason: str, side: str = HEAD) -> None:
        """Keep that a row gave no values there, and why; the first reason counts."""
        if len(self._outcomes) < MAX_ROWS:
            ended = RowOutcome(benchmark, outcome, shortened(reason), (side,))
            self._outcomes.setdefault((benchmark, side), ended)

    def result(
        self, header: Header | None = None, *, complete: bool = True, seconds: float | None = None
    ) -> ResultFile:
        """All of it. Without a `header` the sides are named by the environments of their first rows."""
        sides = {label: tuple(rows.values()) for label, rows in self._sides.items()}
        problems = list(self._problems)
        if self._unlisted:
            problems.append(Problem(self.path, None, f"{self._unlisted} more problems are not listed"))
        is_empty = not sides and not self._outcomes
        if is_empty:
            problems.append(Problem(self.path, None, "holds no values"))
        return ResultFile(
            header or Header("", 0.0, {label: _side_header(rows[0]) for label, rows in sides.items()}),
            sides,
            tuple(self._outcomes.values()),
            tuple(problems),
            complete=complete and not is_empty,
            seconds=seconds,
        )


def share_of(part: float, count: float) -> Summary:
    """The summary of `count` samples each of which is 1 or 0, `part` of them 1: their mean is the share."""
    share = part / count
    return Summary(mean=share, stddev=math.sqrt(share * (1.0 - share)), count=int(count))


def moment(text: object, zone: tzinfo | None = None) -> float:
    """Seconds since the epoch of an ISO 8601 date; 0 for anything else.

    A date that names no zone is in `zone`, or in local time.
    """
    if not isinstance(text, str):
        return 0.0
    try:
        date = datetime.fromisoformat(text.strip())
        seconds = (date if date.tzinfo else date.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
    return seconds if 0 <= seconds <= LATEST else 0.0


def _side_header(measurement: Measurement) -> SideHeader:
    environment = measurement.environment
    return SideHeader("", environment.commit, environment.dirty, environment)
