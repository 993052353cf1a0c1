"""Paired rounds: fresh workers of base and head, both alive, sampled in turn.

In each round a row gets a fresh worker of each side. Both are asked for one sample at a time in the order
A B B A A B B A …, so that neighbouring samples share whatever the machine does at that moment (paired
benchmarking: Tango; duet benchmarking, Bulej et al. 2020). Rounds go over all rows before the next one
begins, so that a burst of noise meets few rounds of each row, and an interrupted job knows a little of all.

In some rounds a twin, a second worker of base, is sampled along: base against its twin is the A/A arm, and
what it shows is noise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Protocol

from perfbench.measure.discovery import Row
from perfbench.measure.labels import TWIN
from perfbench.measure.one_round import Asked, Ended, GiveUpError, Plan, Round
from perfbench.measure.operations import operation_runs
from perfbench.model import BenchmarkId, Run

SAMPLES = 24
"""Samples of each side in a round, where calls are short: with fixed layout the spread between rounds is that of
the samples, not of the processes, so it pays to take more of them for each start of a worker."""

TWIN_ROUNDS = 5
"""Rounds of the A/A arm among the first ones: its median is then safe from two odd rounds."""

LEAST_SAMPLES = 2
"""Also where calls are long: one in the order A B and one in the order B A."""

LEAST_ROUNDS = 6
"""Fewer make no interval (docs/decisions/0001-statistic.md)."""

LONGEST_SAMPLE = 1.0
"""Only a sample that costs more seconds than this is taken once in a round."""


class Launch(Protocol):
    """Starts workers for the sides by their labels."""

    def cache(self, row: Row, label: str) -> str | None:
        """Path of the pickled result of the row's `setup_cache`, made on first need; None without one."""
        ...

    def worker(self, row: Row, label: str, number: int) -> Asked:
        """A fresh worker of that side for round `number`; the row's `cache` has been asked for before."""
        ...


class Progress(Protocol):
    """Who is told how far the measuring is."""

    def advance(self, row: str, round: int, done: int, total: int, seconds_left: float | None) -> None: ...


class Sink(Protocol):
    """Who keeps what was measured, at once."""

    def ran(self, row: Row, label: str, run: Run) -> None: ...
    def ended(self, row: Row, ended: Ended) -> None: ...


class Rounds:
    """Measures rows round by round. `labels` are ("base", "head"), or one label to measure one tree alone.

    `round_seconds` is what one round of one row may cost in samples; rows of long calls get fewer samples.
    None takes more than `most_samples`. Each row has a twin in one of `twin_every` rounds until it had five, in
    none where that is 0.
    """

    def __init__(
        self,
        launch: Launch,
        labels: Sequence[str],
        sink: Sink,
        progress: Progress,
        *,
        cpu: int | None,
        round_seconds: float,
        most_samples: int = SAMPLES,
        twin_every: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._launch = launch
        self._labels = tuple(labels)
        self._sink = sink
        self._progress = progress
        self._cpu = cpu
        self._round_seconds = round_seconds
        self._most_samples = most_samples
        self._twin_every = twin_every
        self._clock = clock
        self._plans: dict[BenchmarkId, Plan] = {}
        self._seconds: dict[BenchmarkId, float] = {}
        self._postponed: set[BenchmarkId] = set()
        self.ended: dict[BenchmarkId, Ended] = {}

    def measure(self, rows: Sequence[Row], numbers: range, deadline: float, *, whole: bool = False) -> bool:
        """Take the rounds `numbers` of the rows; False when `deadline` (on the clock) cut them short.

        With `whole` it only makes them shorter, as far as fewer samples do, and all of them are taken.
        """
        for number in numbers:
            for place, row in enumerate(rows):
                if row.benchmark in self.ended or row.benchmark in self._postponed:
                    continue
                started = self._clock()
                if started >= deadline and not whole:
                    return False
                left = self._seconds_left(rows, place, numbers.stop - number)
                self._progress.advance(
                    str(row.benchmark),
                    number + 1,
                    (number - numbers.start) * len(rows) + place,
                    len(numbers) * len(rows),
                    left if left is None or whole else min(left, deadline - started),
                )
                # Rows take turns with their twins, so that no round is much longer than another.
                self._round(row, number, TWIN if self._has_twin(number, place) else None)
                self._seconds[row.benchmark] = self._clock() - started
            if number == numbers.start:
                self._fit(rows, len(numbers) - 1, deadline - self._clock())
                if not whole:
                    self._postpone(rows, deadline - self._clock())
        return True

    def _has_twin(self, number: int, place: int) -> bool:
        first = number < TWIN_ROUNDS * self._twin_every
        return first and (number + place) % self._twin_every == 0

    def _postpone(self, rows: Sequence[Row], seconds: float) -> None:
        """Where the least rounds do not fit for all rows, take them for the first rows alone.

        Some rows decided and others not reached tell more than all of them measured in vain. The first one,
        the job's control, always goes on.
        """
        for row in rows:
            seconds -= self._seconds.get(row.benchmark, 0.0) * (LEAST_ROUNDS - 1)
            if seconds < 0 and row.benchmark != rows[0].benchmark:
                self._postponed.add(row.benchmark)

    def _fit(self, rows: Sequence[Row], rounds: int, seconds: float) -> None:
        """Take fewer samples where the plans would not let all `rounds` end within `seconds`.

        More rounds of fewer samples tell more than the other way round, and too few rounds tell nothing.
        """
        alive = [
            row.benchmark for row in rows if row.benchmark in self._plans and row.benchmark not in self.ended
        ]
        sampling = {
            name: self._plans[name].cost * self._plans[name].samples * len(self._labels) for name in alive
        }
        needed = sum(self._seconds[name] for name in alive) * rounds
        if not rounds or needed <= seconds:
            return
        spare = sum(sampling.values()) * rounds
        share = max(0.0, 1.0 - (needed - seconds) / spare)
        for name in set(alive):
            plan = self._plans[name]
            self._plans[name] = replace(plan, samples=max(1, int(plan.samples * share)))
            saved = (plan.samples - self._plans[name].samples) * plan.cost * len(self._labels)
            self._seconds[name] = max(0.0, self._seconds[name] - saved)

    def _seconds_left(self, rows: Sequence[Row], place: int, rounds: int) -> float | None:
        """What is still to come, by what each row's last round took; None before every row has had one."""
        alive = [row for row in rows if row.benchmark not in self.ended]
        if any(row.benchmark not in self._seconds for row in alive):
            return None
        whole = sum(self._seconds[row.benchmark] for row in alive)
        done = sum(self._seconds[row.benchmark] for row in rows[:place] if row.benchmark not in self.ended)
        return whole * rounds - done

    def _round(self, row: Row, number: int, twin: str | None) -> None:
        taken = Round(row, number, self._labels, twin)
        started = self._clock()
        with ExitStack() as stack:
            try:
                for label in taken.everyone:
                    with taken.blame(label):
                        cache = self._launch.cache(row, label)
                        worker = stack.enter_context(self._launch.worker(row, label, number))
                        taken.enter(label, worker, cache)
                taken.open()
                plan = self._plans.get(row.benchmark) or self._plan(row, taken, self._clock() - started)
                if plan.pin and self._cpu is not None:
                    taken.hold_on(self._cpu)
                taken.sample(plan)
                taken.close()
            except GiveUpError as give_up:
                self.ended[row.benchmark] = give_up.ended
                self._sink.ended(row, give_up.ended)
                return
            finally:
                taken.dismiss()
        for label, run in taken.runs(plan.loops * plan.repeats):
            for recorded, part in operation_runs(row, taken.samples[label], run):
                self._sink.ran(recorded, label, part)
            self._sink.ran(row, label, run)

    def _plan(self, row: Row, taken: Round, start_up: float) -> Plan:
        """Samples for as long as the start of both workers took, at least: it is paid for in every round."""
        found = taken.calibrate()
        cost = max(float(found["cost"]), 1e-6)
        affordable = int(max(self._round_seconds, start_up) / (cost * len(self._labels)))
        least = LEAST_SAMPLES if cost <= LONGEST_SAMPLE else 1
        samples = 1 if row.once else min(self._most_samples, max(least, affordable))
        pin = row.pin if row.pin is not None else bool(found["alone"])
        plan = Plan(int(found["loops"]), int(found["repeats"]), samples, cost, pin)
        self._plans[row.benchmark] = plan
        return plan
