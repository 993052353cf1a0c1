"""Paired rounds: fresh workers of base and head, both alive, sampled in turn.

In each round a row gets a fresh worker of each side. Both are asked for one sample at a time in the order
A B B A A B B A …, so that neighbouring samples share whatever the machine does at that moment (paired
benchmarking: Tango; duet benchmarking, Bulej et al. 2020). Rounds go over all rows before the next one
begins, so that a burst of noise meets few rounds of each row, and an interrupted job knows a little of all.

In some rounds a twin, a second worker of base, is sampled along: base against its twin is the A/A arm, and
what it shows is noise.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from perfbench.measure.client import STARTUP_SECONDS, Reply, WorkerFailedError, WorkerSkippedError
from perfbench.measure.discovery import Row
from perfbench.model import BenchmarkId, Outcome, Run

SAMPLE_SECONDS = 0.0025
"""Short enough for neighbouring samples to share the machine's mood, and to end before a process that has
just woken up is put aside for another one; long enough for the clock."""

SAMPLES = 24
"""Samples of each side in a round, where calls are short: with fixed layout the spread between rounds is that of
the samples, not of the processes, so it pays to take more of them for each start of a worker."""

TWIN = "twin"
"""The label of base's second worker."""

TWIN_ROUNDS = 5
"""Rounds of the A/A arm among the first ones: its median is then safe from two odd rounds."""

LEAST_SAMPLES = 2
"""Also where calls are long: one in the order A B and one in the order B A."""

LEAST_ROUNDS = 6
"""Fewer make no interval (docs/decisions/0001-statistic.md)."""

LONGEST_SAMPLE = 1.0
"""Only a sample that costs more seconds than this is taken once in a round."""

WARM_UP_LIMIT = 0.05
"""A sample that costs more seconds than this gets no warm-up: what a first call costs more is lost in it."""


class Asked(AbstractContextManager["Asked"], Protocol):
    """What a round needs of a worker; `perfbench.measure.client.Worker` is the real one."""

    def send(self, request: Mapping[str, object]) -> None: ...
    def receive(self, timeout: float) -> Reply: ...
    def ask(self, request: Mapping[str, object], timeout: float) -> Reply: ...
    def hold_on(self, cpu: int) -> None: ...
    def dismiss(self) -> None: ...


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


@dataclass(frozen=True, slots=True)
class Plan:
    """How a row is sampled, decided once for both sides. `cost` is seconds per sample, set-up included."""

    loops: int
    repeats: int
    samples: int
    cost: float
    pin: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a row is measured no further: an outcome, its reason, and the sides it concerns."""

    outcome: Outcome
    reason: str
    sides: tuple[str, ...]
    details: str = ""


class Sink(Protocol):
    """Who keeps what was measured, at once."""

    def ran(self, row: Row, label: str, run: Run) -> None: ...
    def ended(self, row: Row, ended: Ended) -> None: ...


class Rounds:
    """Measures rows round by round. `labels` are ("base", "head"), or one label to measure one tree alone.

    `round_seconds` is what one round of one row may cost in samples; rows of long calls get fewer samples.
    Each row has a twin in one of `twin_every` rounds until it had five, in none where that is 0.
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
        twin_every: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._launch = launch
        self._labels = tuple(labels)
        self._sink = sink
        self._progress = progress
        self._cpu = cpu
        self._round_seconds = round_seconds
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
        taken = _Round(row, number, self._labels, twin)
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
            except _GiveUpError as give_up:
                self.ended[row.benchmark] = give_up.ended
                self._sink.ended(row, give_up.ended)
                return
            finally:
                taken.dismiss()
        for label, run in taken.runs(plan.loops * plan.repeats):
            self._sink.ran(row, label, run)

    def _plan(self, row: Row, taken: _Round, start_up: float) -> Plan:
        """Samples for as long as the start of both workers took, at least: it is paid for in every round."""
        found = taken.calibrate()
        cost = max(float(found["cost"]), 1e-6)
        affordable = int(max(self._round_seconds, start_up) / (cost * len(self._labels)))
        least = LEAST_SAMPLES if cost <= LONGEST_SAMPLE else 1
        samples = 1 if row.once else max(least, min(SAMPLES, affordable))
        pin = row.pin if row.pin is not None else bool(found["alone"])
        plan = Plan(int(found["loops"]), int(found["repeats"]), samples, cost, pin)
        self._plans[row.benchmark] = plan
        return plan


class _GiveUpError(Exception):
    """The row ends here, for the reason in `ended`."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.reason)
        self.ended = ended


class _Round:
    """One round of one row: its workers by side, and what they answered."""

    def __init__(self, row: Row, number: int, labels: tuple[str, ...], twin: str | None) -> None:
        self.row = row
        self.number = number
        self.labels = labels
        self.twin = twin
        self.everyone = labels if twin is None else (*labels, twin)
        self.workers: dict[str, Asked] = {}
        self.caches: dict[str, str | None] = {}
        self.failures: dict[str, WorkerFailedError | WorkerSkippedError] = {}
        self.samples: dict[str, list[Reply]] = {label: [] for label in self.everyone}

    def enter(self, label: str, worker: Asked, cache: str | None) -> None:
        self.workers[label] = worker
        self.caches[label] = cache

    @contextmanager
    def blame(self, label: str) -> Iterator[None]:
        """Note a failure inside its block as that side's, and go on to see how the other side fares.

        The loss of a twin costs this round its A/A figure and no more.
        """
        try:
            yield
        except (WorkerFailedError, WorkerSkippedError) as error:
            if label == self.twin:
                self.everyone = self.labels
                self.samples.pop(label, None)
            else:
                self.failures.setdefault(label, error)

    def alive(self) -> Iterator[tuple[str, Asked]]:
        """The workers that go on, by label; a twin that is lost on the way is left out from then on."""
        for label in self.everyone:
            if label in self.workers and label in self.everyone:
                yield label, self.workers[label]

    def open(self) -> None:
        """Set the row up on both sides at the same time. Raises _GiveUpError where a side skips it or fails."""
        for label, worker in self.alive():
            with self.blame(label):
                worker.send(
                    {
                        "do": "open",
                        "name": self.row.benchmark.name,
                        "index": self.row.index,
                        "cache": self.caches[label],
                    }
                )
        self.receive_each(max(self.row.timeout, STARTUP_SECONDS))

    def calibrate(self) -> Reply:
        label = self.labels[0]
        reply: Reply = {}
        with self.blame(label):
            reply = self.workers[label].ask(
                {"do": "calibrate", "target": SAMPLE_SECONDS}, self.row.timeout * 2
            )
        if label in self.failures:
            # Whether the other side fails as well decides what this failure means.
            for other in self.labels[1:]:
                with self.blame(other):
                    self.workers[other].ask({"do": "sample", "loops": 1, "repeats": 1}, self.row.timeout)
        self.give_up_if_failed()
        return reply

    def hold_on(self, cpu: int) -> None:
        for worker in self.workers.values():
            worker.hold_on(cpu)

    def sample(self, plan: Plan) -> None:
        """Warm both sides up with one sample, then take the plan's samples in turn."""
        request = {"do": "sample", "loops": plan.loops, "repeats": plan.repeats}
        timeout = self.row.timeout + 10 * plan.cost
        if self.row.metric.name == "time" and plan.cost <= WARM_UP_LIMIT:
            self.ask_each(request, timeout)
        self.ask_each({"do": "settle"}, timeout)
        for turn in range(plan.samples):
            # With a twin it is A B T T B A: head stays next to base.
            order = self.everyone if (turn + self.number) % 2 == 0 else self.everyone[::-1]
            for label in order:
                with self.blame(label):
                    self.samples[label].append(self.workers[label].ask(request, timeout))
            self.give_up_if_failed()

    def ask_each(self, request: Mapping[str, object], timeout: float) -> None:
        for label, worker in self.alive():
            with self.blame(label):
                worker.ask(request, timeout)
        self.give_up_if_failed()

    def receive_each(self, timeout: float) -> None:
        for label, worker in self.alive():
            if label not in self.failures:
                with self.blame(label):
                    worker.receive(timeout)
        self.give_up_if_failed()

    def close(self) -> None:
        """Tear both sides down, at the same time: nothing is measured any more."""
        for label, worker in self.alive():
            with self.blame(label):
                worker.send({"do": "close"})
        self.receive_each(self.row.timeout)

    def dismiss(self) -> None:
        for worker in self.workers.values():
            worker.dismiss()

    def give_up_if_failed(self) -> None:
        if self.failures:
            raise _GiveUpError(explain(self.failures, self.labels))

    def runs(self, loops: int) -> Iterable[tuple[str, Run]]:
        """What each side gave, base first and head last."""
        for label in sorted(self.samples, key=lambda label: label == self.labels[-1]):
            replies = self.samples[label]
            started = float(replies[0]["at"])
            cpu = tuple(float(reply["cpu"]) for reply in replies)
            yield (
                label,
                Run(
                    values=tuple(float(reply["value"]) for reply in replies),
                    round=self.number,
                    started=started,
                    times=tuple(round(float(reply["at"]) - started, 6) for reply in replies),
                    cpu=cpu if not any(map(math.isnan, cpu)) else (),
                    loops=loops,
                ),
            )


def explain(failures: Mapping[str, WorkerFailedError | WorkerSkippedError], labels: Sequence[str]) -> Ended:
    """What it means that these sides failed or skipped a row, and the others did not.

    Head is the last label. Head's failure alone is its own; what base alone cannot run is new; what head
    skips and base runs has gone missing; what head skips and base cannot run does not apply here.
    """
    head = labels[-1]
    sides = tuple(label for label in labels if label in failures)
    details = "\n".join(
        f"{side}: {getattr(failures[side], 'details', '') or failures[side].message}" for side in sides
    )
    if head not in failures:
        reason = f"{sides[0]} cannot run it: {failures[sides[0]].message}"
        return Ended(Outcome.NEW, reason, sides, details)
    failure = failures[head]
    if isinstance(failure, WorkerFailedError):
        return Ended(Outcome.FAILED, failure.message, sides, details)
    if len(labels) > len(sides):
        return Ended(Outcome.MISSING, f"{head} skips it: {failure.message}", sides, details)
    return Ended(Outcome.SKIPPED, failure.message, sides, details)
