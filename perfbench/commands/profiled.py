"""Running one row under a profiler: the same workers as a check's, in turn with one that nobody watches."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from perfbench.commands.job import measuring_cpu
from perfbench.errors import MeasurementError
from perfbench.measure.client import STARTUP_SECONDS, WORKER, Worker, WorkerFailedError, WorkerSkippedError
from perfbench.measure.discovery import Row
from perfbench.measure.launch import SideLaunch
from perfbench.measure.side import Side
from perfbench.model_profile import Overhead
from perfbench.profiling.call_tree import CallTree, below, renamed
from perfbench.profiling.explanation import SideProfile
from perfbench.profiling.own_code import FileNames, Harness
from perfbench.profiling.recorder import Recorded, Recorder
from perfbench.profiling.turns import Lane, overhead, take_turns

SAMPLE = 0.01
"""Seconds of one sample: long enough that starting and reading it is nothing."""
PLAIN_TURNS = 16
"""Slices of a worker that nobody watches, beside as many of one that is watched: what the overhead rests on."""
LARGEST_RAW = 256 * 1024**2
"""A profiler that has written so many bytes has seen enough."""
PLAIN = "plain"
WALL = "wall"
PEAK = "peak"
WAITS = (WALL, "blocked")
"""Modes that count waiting. There every other thread would wait all the time, so that only the benchmark's counts."""


@dataclass(frozen=True, slots=True)
class Profiled:
    """What one side's profiler has seen of the benchmark alone.

    `tree` is without the harness, set-up and teardown; `whole` is what was recorded. `calls` and `seconds` are of
    the benchmark while it was watched.
    """

    side: Side
    recorder: Recorder
    tree: CallTree
    whole: Recorded
    calls: int
    seconds: float
    started: float
    overhead: Overhead | None

    @property
    def samples(self) -> int:
        """How many stacks of the benchmark itself it rests on, or allocations or calls in all."""
        rate = self.whole.facts.get("rate", 0.0)
        return round(float(self.tree.weight.sum()) * rate) if rate else self.whole.samples

    def for_explanation(self) -> SideProfile:
        """As the explanation wants it: sampled weights know what one sample weighs, counted ones are exact."""
        rate = self.whole.facts.get("rate", 0.0)
        cost = self.seconds / self.calls if self.recorder.mode == WALL and self.calls else None
        return SideProfile(self.tree, self.divisor, 1 / rate if rate else 0.0, cost)

    @property
    def divisor(self) -> int:
        """What weights are divided by to be compared: the calls; but a peak is one, however often it is met."""
        return 1 if self.recorder.mode == PEAK else self.calls


@dataclass(frozen=True, slots=True)
class Profiling:
    """One row to be profiled on one or two sides.

    `make` gives a recorder for a side; `seconds` is how long each is watched. With `plain` a worker that nobody
    watches runs beside the last side's, for the overhead. Raw files go to `folder`, one folder for each side.
    """

    row: Row
    sides: Sequence[Side]
    benchmark_dir: Path
    folder: Path
    make: Callable[[Side], Recorder]
    seconds: float
    plain: bool = True
    told: Callable[[float], None] = lambda _: None

    def run(self) -> list[Profiled]:
        """Profile it. Raises MeasurementError where the benchmark fails or skips, and as recorders do."""
        recorders = {side.label: self.make(side) for side in self.sides}
        sides = [
            replace(side, environment={**side.environment, **recorders[side.label].environment})
            for side in self.sides
        ]
        if self.plain:
            sides.insert(0, replace(self.sides[-1], label=PLAIN))
        with SideLaunch(sides, self.benchmark_dir) as launch, ExitStack() as stack:
            try:
                lanes = {side.label: self._lane(launch, side.label, stack) for side in sides}
                return self._watch(lanes, recorders, stack)
            except WorkerFailedError as error:
                raise MeasurementError(
                    f"{self.row.benchmark} failed under the profiler: {error.message}",
                    "run it without one: perfbench run --bench",
                ) from None
            except WorkerSkippedError as error:
                raise MeasurementError(f"{self.row.benchmark} does not run here: {error.message}") from None

    def _lane(self, launch: SideLaunch, label: str, stack: ExitStack) -> Lane:
        """A worker that is set up, warm, and knows how many calls make a sample."""
        cache = launch.cache(self.row, label)
        worker: Worker = stack.enter_context(launch.worker(self.row, label, 0))
        timeout = max(self.row.timeout, STARTUP_SECONDS)
        name = {"name": self.row.benchmark.name, "index": self.row.index, "cache": cache}
        worker.ask({"do": "open", **name}, timeout)
        plan = worker.ask({"do": "calibrate", "target": SAMPLE}, 2 * timeout)
        worker.ask({"do": "settle"}, timeout)
        pin = self.row.pin if self.row.pin is not None else bool(plan["alone"])
        if pin and (cpu := measuring_cpu()) is not None:
            worker.hold_on(cpu)
        return Lane(worker, int(plan["loops"]), int(plan["repeats"]), plain=label == PLAIN)

    def _watch(
        self, lanes: Mapping[str, Lane], recorders: Mapping[str, Recorder], stack: ExitStack
    ) -> list[Profiled]:
        started = time.time()
        for label, recorder in recorders.items():
            (self.folder / label).mkdir(parents=True)
            stack.callback(recorder.abandon)
            recorder.start(lanes[label].subject, self.folder / label)
        take_turns(
            list(lanes.values()),
            self.seconds,
            plain_turns=PLAIN_TURNS,
            timeout=self.row.timeout + STARTUP_SECONDS,
            told=self.told,
            enough=self._is_large,
        )
        last = self.sides[-1].label
        cost = overhead(lanes[PLAIN].costs, lanes[last].costs) if self.plain else None
        return [
            self._profiled(side, lanes[side.label], recorders[side.label], started, cost)
            for side in self.sides
        ]

    def _is_large(self) -> bool:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return sum(path.stat().st_size for path in files) > LARGEST_RAW

    def _profiled(
        self, side: Side, lane: Lane, recorder: Recorder, started: float, cost: Overhead | None
    ) -> Profiled:
        whole = recorder.stop()
        names = FileNames(side.root, self.benchmark_dir)
        harness = Harness([WORKER])
        tree = renamed(
            below(whole.tree, harness.has, harness.enters, others=recorder.mode not in WAITS), names
        )
        return Profiled(side, recorder, tree, whole, lane.calls, lane.seconds, started, cost)
