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
from perfbench.analysis.noise import drift, noise_floor, with_twin
from perfbench.analysis.normalise import across, said
from perfbench.analysis.sequential import next_look, share, undecided
from perfbench.analysis.stored_noise import NoiseByRow, with_noise
from perfbench.analysis.tails import tail_comparisons
from perfbench.config import Thresholds
from perfbench.measure.discovery import CONTROL, Row
from perfbench.measure.labels import TWIN
from perfbench.measure.launch import SideLaunch
from perfbench.measure.one_round import Ended
from perfbench.measure.rounds import SAMPLES, TWIN_ROUNDS, Progress, Rounds
from perfbench.measure.side import Side
from perfbench.model import BenchmarkId, Comparison, Environment, Measurement, Outcome, Run, Verdict
from perfbench.results.writer import ResultWriter

CONTROL_EVERY = 8

MOST_ROUNDS = 120
"""Rounds after which a row stays undecided: four times as many would halve its interval."""


@dataclass(slots=True)
class Collected:
    """What was measured, in memory and, at the end of each row's round, in the result file.

    `last` is the label of the side that a round ends with; `log` gets the tracebacks of rows that fail.
    `recorded` are the rows made of operations that benchmarks recorded.
    """

    writer: ResultWriter
    environments: Mapping[str, Environment]
    last: str
    log: Path
    runs: dict[tuple[BenchmarkId, str], list[Run]] = field(default_factory=dict)
    outcomes: dict[BenchmarkId, Ended] = field(default_factory=dict)
    recorded: dict[BenchmarkId, Row] = field(default_factory=dict)

    def ran(self, row: Row, label: str, run: Run) -> None:
        runs = self.runs.setdefault((row.benchmark, label), [])
        if row.recorded_by is not None:
            self.recorded.setdefault(row.benchmark, row)
        if row is CONTROL:
            run = replace(run, round=self._control_round(label))
        runs.append(run)
        self.writer.run(label, row.benchmark, row.metric, run)
        if label == self.last:
            self.writer.flush()

    def _control_round(self, label: str) -> int:
        """The control comes several times in a round of the other rows; each time is a round of its own."""
        first = next(iter(self.environments))
        begun = len(self.runs[(CONTROL.benchmark, first)])
        return begun if label == first else begun - 1

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
        if not runs or (row.recorded_by or row.benchmark) in self.outcomes:
            return None
        where = self.environments.get(label) or next(iter(self.environments.values()))  # a twin is base's
        return Measurement(row.benchmark, row.metric, tuple(runs), where, label)


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard a job tries: rounds at first, and seconds in all, after which the undecided get no more.

    `strict` seconds end the first rounds as well; else these are taken whatever they cost, since too few
    rounds decide nothing. `samples` is how many a row takes in a round at most.
    """

    rounds: int
    seconds: float
    strict: bool = False
    samples: int = SAMPLES


@dataclass(slots=True)
class Job:
    """Rows of sides to measure. `sides` end with head.

    Of a stored baseline, `stored_noise` is what its rows showed from one stored run to the next, and `hard`
    are the differences of hardware across which it is normalised.
    """

    sides: Sequence[Side]
    rows: Sequence[Row]
    benchmark_dir: Path
    collected: Collected
    progress: Progress
    effort: Effort
    thresholds: Thresholds
    baseline: Mapping[BenchmarkId, Measurement] = field(default_factory=dict)
    stored_noise: NoiseByRow = field(default_factory=dict)
    hard: Sequence[str] = ()

    def run(self) -> None:
        """Measure until all rows are decided, or the time is up. What is measured is in `collected` at any time."""
        deadline = time.monotonic() + self.effort.seconds
        labels = [side.label for side in self.sides]
        with SideLaunch(self._with_twin(), self.benchmark_dir) as launch:
            rounds = Rounds(
                launch,
                labels,
                self.collected,
                self.progress,
                cpu=measuring_cpu(),
                round_seconds=self._round_seconds(len(labels)),
                most_samples=self.effort.samples,
                twin_every=max(1, self.effort.rounds // TWIN_ROUNDS) if len(labels) > 1 else 0,
            )
            done = self.effort.rounds
            whole = not self.effort.strict
            began = time.monotonic()
            in_time = rounds.measure(with_controls(self.rows), range(done), deadline, whole=whole)
            ended = time.monotonic()
            while in_time and len(labels) > 1 and done < MOST_ROUNDS:
                rows = self._undecided((time.monotonic() - ended) / (ended - began))
                if not rows:
                    break
                more = range(done, next_look(done))
                in_time = rounds.measure(with_controls(rows), more, deadline)
                done = more.stop

    @property
    def known_rows(self) -> Sequence[Row]:
        """The rows to measure, and those made of operations that they have recorded so far."""
        return (*self.rows, *self.collected.recorded.values())

    def _with_twin(self) -> Sequence[Side]:
        """The sides, and base once more under the twin's name; one side alone has none."""
        return self.sides if len(self.sides) < 2 else (*self.sides, replace(self.sides[0], label=TWIN))

    def _round_seconds(self, sides: int) -> float:
        """What samples of one row may cost in a round, so that the first rounds fit in two thirds of the time."""
        part = self.effort.seconds * 0.65 / (self.effort.rounds * (len(self.rows) + 1))
        start_up = 0.3 * sides
        return max(0.1, part - start_up)

    def _undecided(self, spent: float) -> list[Row]:
        planned = {row.benchmark: row for row in self.rows}
        by_name = {row.benchmark: planned[row.recorded_by or row.benchmark] for row in self.known_rows}
        return list(dict.fromkeys(by_name[name] for name in undecided(self.verdicts(), spent)))

    def comparisons(self) -> list[Comparison]:
        """Head against base for every row that both sides have measured, and for the tails that rules ask for."""
        found: list[Comparison] = []
        for row in self.known_rows:
            base, head = self._base(row), self.collected.measurement(row, self.sides[-1].label)
            compared = self._compare(row)
            if compared is not None and base is not None and head is not None:
                rules = (self.thresholds.thresholds, self.thresholds.budgets)
                found += [compared, *tail_comparisons(base, head, *rules)]
        return with_noise(found, self.stored_noise)

    def _base(self, row: Row) -> Measurement | None:
        if len(self.sides) > 1:
            return self.collected.measurement(row, self.sides[0].label)
        return self.baseline.get(row.benchmark)

    def noise(self) -> float | None:
        """The noise floor: how far identical work seemed to move between the sides.

        None before it was measured, and across different hardware, where that move is no noise.
        """
        control = None if self.hard else self._compare(CONTROL)
        return None if control is None else noise_floor(control)

    def drift(self) -> float:
        """How far the machine's own speed moved in the meantime, by the control's times."""
        sides = [self.collected.measurement(CONTROL, side.label) for side in self.sides]
        return drift([side for side in sides if side is not None])

    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts on what is compared so far."""
        control = self._compare(CONTROL)
        if self.hard:
            apart = across(self.comparisons(), self.hard, control, same_architecture=True, asked=True)
            rules = (self.thresholds.thresholds, self.thresholds.budgets)
            return (*said(judge(apart.normalised, *rules, noise_floor=0.0)), *apart.incomparable)
        return judge(
            self.comparisons(),
            self.thresholds.thresholds,
            self.thresholds.budgets,
            noise_floor=self.noise() or 0.0,
            control=control,
            shares=self._shares() if len(self.sides) > 1 else None,
        )

    def _shares(self) -> dict[BenchmarkId, float]:
        return {row.benchmark: self._share(row) for row in self.known_rows}

    def _share(self, row: Row) -> float:
        """What this look at a row may spend of the family's error."""
        taken = len(self.collected.runs.get((row.benchmark, self.sides[-1].label), ()))
        return share(taken, self.effort.rounds)

    def _compare(self, row: Row) -> Comparison | None:
        base, head = self._base(row), self.collected.measurement(row, self.sides[-1].label)
        if base is None or head is None or base.metric != head.metric:
            return None
        if len(self.sides) < 2:
            return compare(base, head, paired=False)
        compared = compare(base, head, paired=True)
        twin = None if row is CONTROL else self.collected.measurement(row, TWIN)
        return with_twin(compared, base, twin)


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
