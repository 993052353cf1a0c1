"""One measuring job: rows of one or two sides, taken in rounds, kept at once, and judged until decided."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from perfbench.analysis.comparison import compare
from perfbench.analysis.judge import judge
from perfbench.analysis.noise import noise_floor
from perfbench.analysis.sequential import undecided
from perfbench.config import Thresholds
from perfbench.measure.discovery import CONTROL, Row
from perfbench.measure.launch import SideLaunch
from perfbench.measure.rounds import Ended, Progress, Rounds
from perfbench.measure.side import Side
from perfbench.model import BenchmarkId, Comparison, Environment, Measurement, Outcome, Run, Verdict
from perfbench.results.writer import ResultWriter

MORE_ROUNDS = 5
"""How many rounds the undecided get at a time."""

CONTROL_EVERY = 8

MOST_ROUNDS = 60
"""Rounds after which a row stays undecided: four times as many would halve its interval."""


@dataclass(slots=True)
class Collected:
    """What was measured, in memory and, at the end of each row's round, in the result file.

    `last` is the label of the side that a round ends with; `log` gets the tracebacks of rows that fail.
    """

    writer: ResultWriter
    environments: Mapping[str, Environment]
    last: str
    log: Path
    runs: dict[tuple[BenchmarkId, str], list[Run]] = field(default_factory=dict)
    outcomes: dict[BenchmarkId, Ended] = field(default_factory=dict)

    def ran(self, row: Row, label: str, run: Run) -> None:
        runs = self.runs.setdefault((row.benchmark, label), [])
        if row is CONTROL:
            run = replace(run, round=len(runs))  # it comes several times in a round of the other rows
        runs.append(run)
        self.writer.run(label, row.benchmark, row.metric, run)
        if label == self.last:
            self.writer.flush()

    def ended(self, row: Row, ended: Ended) -> None:
        self.outcomes[row.benchmark] = ended
        self.writer.outcome(row.benchmark, ended.outcome, ended.reason, ended.sides)
        self.writer.flush()
        if ended.outcome is Outcome.FAILED and ended.details:
            with self.log.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"{row.benchmark}\n{ended.details}\n\n")

    def measurement(self, row: Row, label: str) -> Measurement | None:
        """All runs of a row on a side; None where there are none, or where the row has ended without a result."""
        runs = self.runs.get((row.benchmark, label))
        if not runs or row.benchmark in self.outcomes:
            return None
        return Measurement(row.benchmark, row.metric, tuple(runs), self.environments[label], label)


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard a job tries: rounds at first, and seconds in all, after which the undecided get no more.

    `strict` seconds end the first rounds as well; else these are taken whatever they cost, since too few
    rounds decide nothing.
    """

    rounds: int
    seconds: float
    strict: bool = False


@dataclass(slots=True)
class Job:
    """Rows of sides to measure. `sides` end with head."""

    sides: Sequence[Side]
    rows: Sequence[Row]
    benchmark_dir: Path
    collected: Collected
    progress: Progress
    effort: Effort
    thresholds: Thresholds
    baseline: Mapping[BenchmarkId, Measurement] = field(default_factory=dict)

    def run(self) -> None:
        """Measure until all rows are decided, or the time is up. What is measured is in `collected` at any time."""
        deadline = time.monotonic() + self.effort.seconds
        labels = [side.label for side in self.sides]
        with SideLaunch(self.sides, self.benchmark_dir) as launch:
            rounds = Rounds(
                launch,
                labels,
                self.collected,
                self.progress,
                cpu=measuring_cpu(),
                round_seconds=self._round_seconds(len(labels)),
            )
            done = self.effort.rounds
            whole = not self.effort.strict
            in_time = rounds.measure(with_controls(self.rows), range(done), deadline, whole=whole)
            while in_time and len(labels) > 1 and done < MOST_ROUNDS:
                rows = self._undecided()
                if not rows:
                    break
                more = range(done, done + MORE_ROUNDS)
                in_time = rounds.measure(with_controls(rows), more, deadline)
                done += MORE_ROUNDS

    def _round_seconds(self, sides: int) -> float:
        """What samples of one row may cost in a round, so that the first rounds fit in two thirds of the time."""
        share = self.effort.seconds * 0.65 / (self.effort.rounds * (len(self.rows) + 1))
        start_up = 0.3 * sides
        return max(0.1, share - start_up)

    def _undecided(self) -> list[Row]:
        open_ids = undecided(self.verdicts())
        return [row for row in self.rows if row.benchmark in open_ids]

    def comparisons(self) -> list[Comparison]:
        """Head against base for every row that both sides have measured."""
        return [comparison for row in self.rows if (comparison := self._compare(row)) is not None]

    def noise(self) -> float | None:
        """The noise floor: how far identical work seemed to move between the sides; None before it was measured."""
        control = self._compare(CONTROL)
        return None if control is None else noise_floor([control])

    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts on what is compared so far."""
        return judge(
            self.comparisons(),
            self.thresholds.thresholds,
            self.thresholds.budgets,
            noise_floor=self.noise() or 0.0,
        )

    def _compare(self, row: Row) -> Comparison | None:
        head = self.collected.measurement(row, self.sides[-1].label)
        if len(self.sides) > 1:
            base = self.collected.measurement(row, self.sides[0].label)
        else:
            base = self.baseline.get(row.benchmark)
        if base is None or head is None or base.metric != head.metric:
            return None
        return compare(base, head, paired=len(self.sides) > 1)


def with_controls(rows: Sequence[Row]) -> list[Row]:
    """The rows of a round with the control before every eighth of them, so that it sees the whole round's noise."""
    mixed: list[Row] = []
    for place, row in enumerate(rows):
        if place % CONTROL_EVERY == 0:
            mixed.append(CONTROL)
        mixed.append(row)
    return mixed


def measuring_cpu() -> int | None:
    """The CPU that pinned rows share: the last one allowed, as interrupts tend to the first. None where alone."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-1] if len(allowed) > 1 else None


@contextmanager
def interruptible() -> Iterator[list[bool]]:
    """Let Ctrl-C end the block early; the list it yields is then not empty, and the report can still be made."""
    interrupted: list[bool] = []
    try:
        yield interrupted
    except KeyboardInterrupt:
        interrupted.append(True)
