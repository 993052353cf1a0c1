"""Rounds sample base and head in turn, and say what it means when a side cannot go on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import pytest

from perfbench.measure.client import Reply, WorkerFailedError, WorkerSkippedError
from perfbench.measure.discovery import CONTROL, Row
from perfbench.measure.labels import TWIN
from perfbench.measure.one_round import Ended, explain
from perfbench.measure.rounds import SAMPLES, Rounds
from perfbench.model import BenchmarkId, Outcome, Run


class FakeWorker:
    """A worker whose answers are written down; `world` keeps the order in which things happened."""

    def __init__(self, world: World, label: str, row: Row) -> None:
        self.world, self.label, self.row = world, label, row
        self.owed: list[str] = []

    def __enter__(self) -> Self:
        self.world.alive += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.world.alive -= 1

    def send(self, request: Mapping[str, object]) -> None:
        self.owed.append(str(request["do"]))

    def receive(self, timeout: float) -> Reply:
        do = self.owed.pop(0)
        self.world.asked.append((self.label, do))
        error = self.world.errors.get((self.label, do))
        if error is not None:
            raise error
        if do == "calibrate":
            return {"loops": 10, "repeats": 1, "cost": self.world.cost, "alone": self.world.alone}
        if do != "sample":
            return {}
        self.world.now += self.world.seconds_per_sample
        return {"value": next(self.world.values), "cpu": 0.5, "at": 1000.0}

    def ask(self, request: Mapping[str, object], timeout: float) -> Reply:
        self.send(request)
        return self.receive(timeout)

    def hold_on(self, cpu: int) -> None:
        self.world.pinned.append((self.label, cpu))

    def dismiss(self) -> None:
        self.world.dismissed += 1


@dataclass
class World:
    """Launch, sink and progress in one, with no clock but its own."""

    errors: dict[tuple[str, str], Exception] = field(default_factory=dict)
    cost: float = 0.005
    alone: bool = True
    alive: int = 0
    dismissed: int = 0
    now: float = 0.0
    seconds_per_sample: float = 0.0
    asked: list[tuple[str, str]] = field(default_factory=list)
    pinned: list[tuple[str, int]] = field(default_factory=list)
    runs: list[tuple[str, str, Run]] = field(default_factory=list)
    outcomes: list[tuple[str, Ended]] = field(default_factory=list)
    told: list[tuple[str, int, int, int]] = field(default_factory=list)
    values: itertools.count[float] = field(default_factory=lambda: itertools.count(1.0))

    def cache(self, row: Row, label: str) -> str | None:
        error = self.errors.get((label, "cache"))
        if error is not None:
            raise error
        return None

    def worker(self, row: Row, label: str, number: int) -> FakeWorker:
        return FakeWorker(self, label, row)

    def ran(self, row: Row, label: str, run: Run) -> None:
        self.runs.append((row.benchmark.name, label, run))

    def ended(self, row: Row, ended: Ended) -> None:
        self.outcomes.append((row.benchmark.name, ended))

    def advance(self, row: str, round: int, done: int, total: int, seconds_left: float | None) -> None:
        self.told.append((row, round, done, total))

    def rounds(
        self,
        labels: tuple[str, ...] = ("base", "head"),
        round_seconds: float = 1.0,
        twin_every: int = 0,
        most_samples: int = SAMPLES,
    ) -> Rounds:
        return Rounds(
            self,
            labels,
            self,
            self,
            cpu=1,
            round_seconds=round_seconds,
            twin_every=twin_every,
            most_samples=most_samples,
            clock=lambda: self.now,
        )

    def samples(self) -> list[str]:
        return [label for label, do in self.asked if do == "sample"]


def row(name: str = "a.time_a", **changes: object) -> Row:
    return replace(CONTROL, benchmark=BenchmarkId("demo", name), **changes)  # type: ignore[arg-type]


FAILED = WorkerFailedError("ImportError: no module named new")
SKIPPED = WorkerSkippedError("docker is not installed")


def test_neighbouring_samples_are_taken_in_turn_and_each_round_begins_with_the_other_side() -> None:
    world = World()
    world.rounds().measure([row()], range(2), 1.0)
    warm_up = ["base", "head"]
    a, b = ["base", "head"], ["head", "base"]
    assert world.samples() == warm_up + (a + b) * (SAMPLES // 2) + warm_up + (b + a) * (SAMPLES // 2)


def test_no_row_takes_more_samples_in_a_round_than_it_may() -> None:
    for most in (1, 3, 40):
        world = World()
        world.rounds(most_samples=most).measure([row()], range(1), 1.0)
        assert [len(run.values) for _, _, run in world.runs] == [most, most]


def test_the_warm_up_is_not_among_the_values() -> None:
    world = World()
    world.rounds().measure([row()], range(1), 1.0)
    (_, base, first), (_, head, second) = world.runs
    assert (base, head) == ("base", "head")
    assert len(first.values) == len(second.values) == SAMPLES
    assert 1.0 not in first.values


def test_loops_are_calibrated_once_for_both_sides_and_all_rounds() -> None:
    world = World()
    world.rounds().measure([row()], range(3), 1.0)
    assert [label for label, do in world.asked if do == "calibrate"] == ["base"]
    assert {run.loops for _, _, run in world.runs} == {10}


def test_rounds_go_over_all_rows_before_the_next_begins() -> None:
    world = World()
    world.rounds().measure([row("a.time_a"), row("b.time_b")], range(2), 1.0)
    assert [(name, number) for name, number, _, _ in world.told] == [
        ("a.time_a", 1),
        ("b.time_b", 1),
        ("a.time_a", 2),
        ("b.time_b", 2),
    ]


def test_sides_with_a_long_set_up_are_made_ready_together_before_their_samples() -> None:
    world = World(cost=0.3)
    world.rounds(round_seconds=1.3).measure([row()], range(1), 1.0)
    asked = [pair for pair in world.asked if pair[1] in ("ready", "sample")]
    both_ready = [("base", "ready"), ("head", "ready")]
    assert asked == [
        *both_ready, ("base", "sample"), ("head", "sample"),
        *both_ready, ("head", "sample"), ("base", "sample"),
    ]  # fmt: skip


def test_rows_of_long_calls_get_fewer_samples() -> None:
    world = World(cost=0.3)
    world.rounds(round_seconds=1.3).measure([row()], range(1), 1.0)
    assert len(world.runs[0][2].values) == 2


def test_a_job_that_would_not_end_in_time_takes_fewer_samples_rather_than_fewer_rounds() -> None:
    world = World(cost=0.5, seconds_per_sample=0.5)
    assert world.rounds(round_seconds=8.0).measure([row()], range(6), 36.0)
    counts = [len(run.values) for _, label, run in world.runs if label == "base"]
    assert len(counts) == 6
    assert counts[0] == 8
    assert 1 <= counts[-1] < 8


def test_a_metric_that_a_process_yields_once_is_sampled_once_without_warm_up() -> None:
    world = World()
    peak = row(once=True, metric=replace(CONTROL.metric, name="peakmem", unit="bytes"))
    world.rounds().measure([peak], range(1), 1.0)
    assert world.samples() == ["base", "head"]


def test_a_row_alone_in_its_process_is_pinned_to_the_one_cpu() -> None:
    world = World()
    world.rounds().measure([row()], range(1), 1.0)
    assert world.pinned == [("base", 1), ("head", 1)]


@pytest.mark.parametrize(("alone", "pin"), [(False, None), (True, False)])
def test_a_row_that_uses_threads_processes_or_containers_is_not_pinned(alone: bool, pin: bool | None) -> None:
    world = World(alone=alone)
    world.rounds().measure([row(pin=pin)], range(1), 1.0)
    assert world.pinned == []


def twins(world: World, name: str = "a.time_a") -> list[int]:
    return [run.round for ran, label, run in world.runs if label == TWIN and ran == name]


def test_rows_take_turns_with_their_twins_until_each_had_five() -> None:
    world = World()
    world.rounds(twin_every=2).measure([row("a.time_a"), row("b.time_b")], range(14), 1.0)
    assert twins(world, "a.time_a") == [0, 2, 4, 6, 8]
    assert twins(world, "b.time_b") == [1, 3, 5, 7, 9]


def test_head_is_sampled_next_to_base_beside_a_twin_too() -> None:
    world = World()
    world.rounds(twin_every=1).measure([row()], range(1), 1.0)
    there = ["base", "head", TWIN]
    assert world.samples() == there + (there + there[::-1]) * (SAMPLES // 2)


def test_a_runs_twin_comes_between_base_and_head_in_what_is_kept() -> None:
    world = World()
    world.rounds(twin_every=1).measure([row()], range(1), 1.0)
    assert [label for _, label, _ in world.runs] == ["base", TWIN, "head"]


@pytest.mark.parametrize("step", ["open", "sample", "close"])
def test_the_loss_of_a_twin_costs_its_figure_and_no_more(step: str) -> None:
    world = World(errors={(TWIN, step): FAILED})
    world.rounds(twin_every=1).measure([row()], range(2), 1.0)
    assert [label for _, label, _ in world.runs] == ["base", "head"] * 2
    assert world.outcomes == []
    assert world.alive == 0


def test_one_tree_alone_is_measured_by_the_same_rounds() -> None:
    world = World()
    world.rounds(labels=("head",)).measure([row()], range(2), 1.0)
    assert {label for _, label, _ in world.runs} == {"head"}


def test_the_deadline_ends_the_measuring_between_rows() -> None:
    world = World()
    world.now = 5.0
    assert world.rounds().measure([row()], range(1), 5.0) is False
    assert world.runs == []


def test_rounds_that_have_to_be_whole_are_taken_past_the_deadline() -> None:
    world = World(seconds_per_sample=1.0)
    assert world.rounds().measure([row()], range(6), 5.0, whole=True)
    assert len(world.runs) == 12


def test_where_time_is_too_short_for_all_rows_the_first_ones_get_the_rounds_that_decide() -> None:
    world = World(seconds_per_sample=0.1)
    names = [f"a.time_{number}" for number in range(10)]
    world.rounds().measure([row(name) for name in names], range(6), 60 * 0.1 * (2 * SAMPLES + 2) / 4)
    rounds = [sum(name == ran and label == "head" for ran, label, _ in world.runs) for name in names]
    assert rounds[0] == 6
    assert rounds[-1] == 1


@pytest.mark.parametrize("step", ["cache", "open", "calibrate", "sample", "close"])
def test_a_failure_at_any_step_ends_the_row_and_leaves_no_worker(step: str) -> None:
    world = World(errors={("head", step): FAILED, ("base", "calibrate"): FAILED})
    if step != "calibrate":
        del world.errors["base", "calibrate"]
    else:
        world.errors["head", "sample"] = FAILED
    world.rounds().measure([row()], range(3), 1.0)
    ((_, ended),) = world.outcomes
    assert ended.outcome is Outcome.FAILED
    assert world.alive == 0


def test_an_ended_row_is_not_measured_again_and_the_others_are() -> None:
    world = World(errors={("head", "open"): FAILED})
    rounds = world.rounds()
    rounds.measure([row("a.time_a")], range(1), 1.0)
    world.errors.clear()
    rounds.measure([row("a.time_a"), row("b.time_b")], range(1), 1.0)
    assert {name for name, _, _ in world.runs} == {"b.time_b"}


@pytest.mark.parametrize(
    ("base", "head", "outcome", "sides"),
    [
        (None, FAILED, Outcome.FAILED, ("head",)),
        (FAILED, FAILED, Outcome.FAILED, ("base", "head")),
        (FAILED, None, Outcome.NEW, ("base",)),
        (SKIPPED, None, Outcome.NEW, ("base",)),
        (SKIPPED, SKIPPED, Outcome.SKIPPED, ("base", "head")),
        (None, SKIPPED, Outcome.MISSING, ("head",)),
        (FAILED, SKIPPED, Outcome.SKIPPED, ("base", "head")),
        (SKIPPED, FAILED, Outcome.FAILED, ("base", "head")),
    ],
)
def test_what_a_failure_means_depends_on_the_other_side(
    base: WorkerFailedError | WorkerSkippedError | None,
    head: WorkerFailedError | WorkerSkippedError | None,
    outcome: Outcome,
    sides: tuple[str, ...],
) -> None:
    failures = {label: error for label, error in (("base", base), ("head", head)) if error is not None}
    ended = explain(failures, ("base", "head"))
    assert (ended.outcome, ended.sides) == (outcome, sides)


def test_a_benchmark_that_only_the_tree_alone_skips_is_skipped() -> None:
    assert explain({"head": SKIPPED}, ("head",)).outcome is Outcome.SKIPPED
