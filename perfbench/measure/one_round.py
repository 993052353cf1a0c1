"""One round of one row: a fresh worker of each side, both alive, sampled in turn, and what it means when one fails."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from perfbench.measure.client import STARTUP_SECONDS, Reply, WorkerFailedError, WorkerSkippedError
from perfbench.measure.discovery import Row
from perfbench.model import Outcome, Run

SAMPLE_SECONDS = 0.0025
"""Short enough for neighbouring samples to share the machine's mood, and to end before a process that has
just woken up is put aside for another one; long enough for the clock."""

WARM_UP_LIMIT = 0.05
"""A sample that costs more seconds than this gets no warm-up: what a first call costs more is lost in it."""


READY_LIMIT = 0.01
"""Where a sample with its set-up costs more seconds than this, the set-ups of both sides are made beforehand."""


class Asked(AbstractContextManager["Asked"], Protocol):
    """What a round needs of a worker; `perfbench.measure.client.Worker` is the real one."""

    def send(self, request: Mapping[str, object]) -> None: ...
    def receive(self, timeout: float) -> Reply: ...
    def ask(self, request: Mapping[str, object], timeout: float) -> Reply: ...
    def hold_on(self, cpu: int) -> None: ...
    def dismiss(self) -> None: ...


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


class GiveUpError(Exception):
    """The row ends here, for the reason in `ended`."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.reason)
        self.ended = ended


class Round:
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
        """Set the row up on both sides at the same time. Raises GiveUpError where a side skips it or fails."""
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
            if plan.cost > READY_LIMIT:
                self.make_ready(timeout)
            # With a twin it is A B T T B A: head stays next to base.
            order = self.everyone if (turn + self.number) % 2 == 0 else self.everyone[::-1]
            for label in order:
                with self.blame(label):
                    self.samples[label].append(self.workers[label].ask(request, timeout))
            self.give_up_if_failed()

    def make_ready(self, timeout: float) -> None:
        """Have all of them set up for their next sample at the same time, so that the samples are close neighbours."""
        for label, worker in self.alive():
            with self.blame(label):
                worker.send({"do": "ready"})
        self.receive_each(timeout)

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
            raise GiveUpError(explain(self.failures, self.labels))

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
