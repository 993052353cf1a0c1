"""What a reader of another tool's file has understood so far: rows by side, outcomes, problems."""

from __future__ import annotations

from collections.abc import Iterable

from perfbench.model import BenchmarkId, Measurement, Outcome, Problem
from perfbench.results.result_file import (
    HEAD,
    MAX_PROBLEMS,
    Header,
    ResultFile,
    RowOutcome,
    SideHeader,
    shortened,
)


class Gathering:
    """Collects what one file holds. A row that comes twice on a side is a problem; the first one counts."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.complete = True
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

    def add(self, measurement: Measurement, side: str = HEAD, line: int | None = None) -> None:
        """Keep a measurement of that side."""
        rows = self._sides.setdefault(side, {})
        key = (measurement.benchmark, measurement.metric.name)
        if key in rows:
            self.note(f"{measurement.benchmark} ({key[1]}) is there already; the first counts", line)
        else:
            rows[key] = measurement

    def end(self, benchmark: BenchmarkId, outcome: Outcome, reason: str, side: str = HEAD) -> None:
        """Keep that a row gave no values there, and why."""
        self._outcomes.setdefault(
            (benchmark, side), RowOutcome(benchmark, outcome, shortened(reason), (side,))
        )

    def result(self, created: float = 0.0) -> ResultFile:
        """All of it. `created` is in seconds since the epoch, 0 where the file does not say."""
        problems = list(self._problems)
        if self._unlisted:
            problems.append(Problem(self.path, None, f"{self._unlisted} more problems are not listed"))
        sides = {label: tuple(rows.values()) for label, rows in self._sides.items()}
        if not sides and not self._outcomes:
            problems.append(Problem(self.path, None, "holds no values"))
        headers = {label: _side_header(rows[0]) for label, rows in sides.items()}
        return ResultFile(
            Header("", created, headers),
            sides,
            tuple(self._outcomes.values()),
            tuple(problems),
            complete=self.complete and bool(sides),
        )


def _side_header(measurement: Measurement) -> SideHeader:
    environment = measurement.environment
    return SideHeader("", environment.commit, environment.dirty, environment)
