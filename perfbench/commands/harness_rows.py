"""What the executions of a harness give: each of them a run of each of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from perfbench.analysis.intervals import median
from perfbench.errors import UsageError
from perfbench.measure.harness import Execution, HarnessUnusableError
from perfbench.measure.one_round import Ended
from perfbench.model import BenchmarkId, Environment, Harness, Measurement, Metric, Outcome, Run
from perfbench.results.reading import read_any
from perfbench.results.result_file import HEAD, ResultFile

MOST_VALUES = 1000
"""A run keeps so many values at most; of longer ones the medians of as many stretches."""

MOST_WARNINGS = 5
"""So many things odd about its files are told of one harness."""

RowKey = tuple[BenchmarkId, Metric]
"""A harness may take several metrics of one benchmark; each is a row."""


@dataclass(frozen=True, slots=True)
class ExecutionRows:
    """The runs of one execution by row, the benchmarks that gave none with the reason, and what was odd."""

    runs: Mapping[RowKey, Run]
    outcomes: Mapping[BenchmarkId, tuple[Outcome, str]]
    warnings: tuple[str, ...] = ()


def rows_of(harness: Harness, execution: Execution, number: int) -> ExecutionRows:
    """Read what an execution of round `number` wrote.

    A row's name is its own after the harness's: `api.test_parse`. However many processes the file tells
    of, the execution is one run, for base and head alternate by executions. Raises HarnessUnusableError for
    a file of no kind that perfbench reads, and for one that holds nothing.
    """
    try:
        file = read_any(execution.path)
    except UsageError as error:
        # The path is a temporary one, which says nothing to whoever reads this.
        message = error.message.replace(str(execution.path), harness.result or "what it wrote")
        raise HarnessUnusableError(message, execution.said) from None
    measurements = _measured_side(file)
    outcomes = {
        _named(harness, found.benchmark): (found.outcome, found.reason)
        for found in file.outcomes
        if found.outcome in (Outcome.FAILED, Outcome.SKIPPED)
    }
    runs: dict[RowKey, Run] = {}
    warnings = [problem.message for problem in file.problems]
    for measurement in measurements:
        values = _values(measurement)
        if values is None:
            warnings.append(f"{measurement.benchmark} has no values")
            continue
        if not measurement.runs:
            warnings.append(
                "its file holds no samples but summaries of them: an execution counts as one value"
            )
        key = (_named(harness, measurement.benchmark), measurement.metric)
        loops = measurement.runs[0].loops if measurement.runs else 1
        runs.setdefault(key, Run(values, number, execution.started, loops=loops))
    if not runs and not outcomes:
        what = warnings[0] if warnings else "holds no measurement"
        raise HarnessUnusableError(f"{harness.result or 'what it wrote'} {what}", execution.said)
    return ExecutionRows(runs, outcomes, tuple(dict.fromkeys(warnings)))


def _measured_side(file: ResultFile) -> Sequence[Measurement]:
    return file.side(HEAD) or next(iter(reversed(list(file.sides.values()))), ())


def _named(harness: Harness, benchmark: BenchmarkId) -> BenchmarkId:
    return BenchmarkId(harness.name, f"{harness.name}.{benchmark.name}", benchmark.params)


def _values(measurement: Measurement) -> tuple[float, ...] | None:
    """All its samples, in order; where a file holds none, the centre that its summary tells."""
    if values := [value for run in measurement.runs for value in run.values]:
        size = -(-len(values) // MOST_VALUES)
        if size == 1:
            return tuple(values)
        return tuple(median(values[start : start + size]) for start in range(0, len(values), size))
    summary = measurement.summary
    centre = None if summary is None else summary.mean if summary.median is None else summary.median
    return None if centre is None else (centre,)


@dataclass(slots=True)
class Series:
    """The executions of one harness so far, and why there are no more of them.

    `first` is after how many rounds its rows are looked at first. `outcomes` are of benchmarks that gave no
    values, by side; `warnings` are kept in order, each once.
    """

    harness: Harness
    first: int = 1
    runs: dict[RowKey, dict[str, list[Run]]] = field(default_factory=dict)
    outcomes: dict[BenchmarkId, dict[str, tuple[Outcome, str]]] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    ended: Ended | None = None

    def take(self, label: str, rows: ExecutionRows) -> None:
        """Keep what an execution on a side gave."""
        for key, run in rows.runs.items():
            self.runs.setdefault(key, {}).setdefault(label, []).append(run)
        for benchmark, outcome in rows.outcomes.items():
            self.outcomes.setdefault(benchmark, {})[label] = outcome
        for warning in rows.warnings:
            if len(self.warnings) < MOST_WARNINGS:
                self.warnings[f"harness {self.harness.name!r}: {warning}"] = None

    def is_known(self) -> bool:
        """Whether all rows that head has were met; those that failed there have no metric to go by."""
        failed = self.ended is not None and self.ended.outcome is Outcome.FAILED
        return not failed and not self.outcomes

    def measurement(self, key: RowKey, label: str, environment: Environment) -> Measurement | None:
        """All runs of a row on a side, None where there are none."""
        runs = self.runs.get(key, {}).get(label)
        return None if not runs else Measurement(*key, tuple(runs), environment, label)
