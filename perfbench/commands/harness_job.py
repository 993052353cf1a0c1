"""The user's own harnesses, executed on the sides in alternating rounds, kept at once, and judged until decided."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from perfbench.analysis.sequential import next_look, undecided
from perfbench.commands.harness_rows import ExecutionRows, RowKey, Series, rows_of
from perfbench.commands.harness_selection import wants
from perfbench.commands.harness_verdicts import Bench, verdicts
from perfbench.commands.job import MOST_ROUNDS
from perfbench.errors import UsageError
from perfbench.measure.harness import HarnessFailedError, HarnessLaunch, HarnessUnusableError
from perfbench.measure.one_round import Ended
from perfbench.measure.side import Side
from perfbench.model import Measurement, Outcome, Verdict
from perfbench.reports.progress import Progress
from perfbench.results.writer import ResultWriter


@dataclass(frozen=True, slots=True)
class Plan:
    """How long harnesses are executed: `rounds` of each at first, then more for the undecided.

    Those end after `seconds` from the first execution on; with `strict` the first rounds do as well.
    """

    rounds: Mapping[str, int]
    seconds: float
    strict: bool


@dataclass(slots=True)
class HarnessJob:
    """Harnesses to execute on `sides`, which end with head; `series` holds what came of it at any time.

    Of their rows those are kept that one of `expressions` is found in, all where there is none. `log` gets
    what the harnesses said.
    """

    series: Sequence[Series]
    sides: Sequence[Side]
    bench: Bench
    writer: ResultWriter
    log: Path
    progress: Progress
    expressions: Sequence[str] = ()
    _launches: dict[str, HarnessLaunch] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)

    def rows(self) -> list[RowKey]:
        """Every row met so far, harness by harness."""
        return [key for one in self.series for key in one.runs]

    def verdicts(self, noise: float) -> tuple[Verdict, ...]:
        """The verdicts on what is measured so far."""
        return verdicts(self.series, self.bench, noise)

    def conclude(self, noise: float) -> tuple[Verdict, ...]:
        """The final verdicts; which rows failed or were skipped is written down.

        A benchmark is written once, however many metrics it has.
        """
        found = self.verdicts(noise)
        told = {
            (verdict.benchmark, verdict.outcome): verdict
            for verdict in found
            if verdict.outcome in (Outcome.FAILED, Outcome.SKIPPED)
        }
        for (benchmark, outcome), verdict in told.items():
            self.writer.outcome(benchmark, outcome, verdict.reason, verdict.sides)
        return found

    def measurements(self, label: str) -> list[Measurement]:
        """What a side gave, row by row."""
        environment = self.bench.environments[label]
        found = (one.measurement(key, label, environment) for one in self.series for key in one.runs)
        return [measurement for measurement in found if measurement is not None]

    def warnings(self) -> tuple[str, ...]:
        """What was odd about the harnesses' files."""
        return tuple(warning for one in self.series for warning in one.warnings)

    def run(self, plan: Plan, known: Callable[[Sequence[RowKey]], None]) -> None:
        """Execute until all rows are decided, or the time is up.

        `known` is told the rows after the first round, if that gave all of them, and may object. Raises
        UsageError for a harness that no side can run.
        """
        if not self.series:
            return
        with ExitStack() as stack:
            for one in self.series:
                one.first = plan.rounds[one.harness.name]
                self._launches[one.harness.name] = stack.enter_context(HarnessLaunch(one.harness))
                self._prepare(one)
            deadline = time.monotonic() + plan.seconds
            most = max(one.first for one in self.series)
            for number in range(most):
                due = [one for one in self.series if number < one.first]
                if not self._take(due, number, most, deadline if plan.strict and number else None):
                    return
                if number == 0 and all(one.is_known() for one in self.series):
                    known(self.rows())
            done = most
            while len(self.sides) > 1 and done < MOST_ROUNDS and (due := self._undecided()):
                look = next_look(done)
                for number in range(done, look):
                    if not self._take(due, number, look, deadline):
                        return
                done = look

    def _take(self, due: Sequence[Series], number: int, rounds: int, deadline: float | None) -> bool:
        """One round of each harness that is still alive; False when the deadline would cut it short."""
        for place, one in enumerate(due):
            if one.ended is not None:
                continue
            name, started = one.harness.name, time.monotonic()
            if deadline is not None and started + self._seconds.get(name, 0.0) > deadline:
                return False
            left = sum(self._seconds.get(other.harness.name, 0.0) for other in due) * (rounds - number)
            self.progress.advance(
                name, number + 1, number * len(due) + place, rounds * len(due), left or None
            )
            self._round(one, number)
            self._seconds[name] = time.monotonic() - started
        return True

    def _prepare(self, series: Series) -> None:
        """Run the set-up on each side."""
        failures: dict[str, HarnessFailedError] = {}
        for side in self.sides:
            if series.harness.setup:
                self.progress.note(f"setting up harness {series.harness.name} on {side.label}")
            try:
                said = self._launches[series.harness.name].prepare(side)
            except HarnessFailedError as error:
                failures[side.label], said = error, error.said
            self._log(series, side, "setup", said)
        if failures:
            self._end(series, failures, 0)

    def _round(self, series: Series, number: int) -> None:
        """One execution on each side, in turn first; what is not wanted of it is left out."""
        launch = self._launches[series.harness.name]
        failures: dict[str, HarnessFailedError] = {}
        taken: dict[str, ExecutionRows] = {}
        for side in self.sides if number % 2 == 0 else self.sides[::-1]:
            try:
                execution = launch.execute(side, number)
                said = execution.said
                taken[side.label] = self._wanted(rows_of(series.harness, execution, number))
            except HarnessFailedError as error:
                failures[side.label], said = error, error.said
            self._log(series, side, f"round {number + 1}", said)
        for label, rows in taken.items():
            series.take(label, rows)
            for (benchmark, metric), run in rows.runs.items():
                self.writer.run(label, benchmark, metric, run)
        if failures:
            self._end(series, failures, number)
        self.writer.flush()

    def _wanted(self, rows: ExecutionRows) -> ExecutionRows:
        runs = {key: run for key, run in rows.runs.items() if wants(self.expressions, key[0])}
        outcomes = {key: told for key, told in rows.outcomes.items() if wants(self.expressions, key)}
        return ExecutionRows(runs, outcomes, rows.warnings)

    def _end(self, series: Series, failures: Mapping[str, HarnessFailedError], number: int) -> None:
        """Note why a harness is executed no further. Raises UsageError where no side could ever use it."""
        harness, head = series.harness, self.sides[-1].label
        unusable = all(isinstance(error, HarnessUnusableError) for error in failures.values())
        if unusable and len(failures) == len(self.sides) and number == 0:
            raise UsageError(
                f"harness {harness.name!r} ({harness.origin}): {failures[head].message}",
                f"what it said is in {self.log}",
            )
        sides = tuple(side.label for side in self.sides if side.label in failures)
        if head in failures:
            series.ended = Ended(Outcome.FAILED, f"the harness {failures[head].message}", sides)
        else:
            reason = f"{sides[0]} cannot run it: the harness {failures[sides[0]].message}"
            series.ended = Ended(Outcome.NEW, reason, sides)

    def _undecided(self) -> list[Series]:
        """The harnesses that have a row worth more rounds."""
        rows = set(undecided(self.verdicts(0.0)))
        alive = [one for one in self.series if one.ended is None]
        return [one for one in alive if any(benchmark in rows for benchmark, _ in one.runs)]

    def _log(self, series: Series, side: Side, what: str, said: str) -> None:
        if said:
            with self.log.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"== {series.harness.name}, {side.label}, {what}\n{said.rstrip()}\n\n")
