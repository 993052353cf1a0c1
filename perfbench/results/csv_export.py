"""Writes measurements as CSV, one row a sample, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from perfbench.errors import UsageError
from perfbench.model import Measurement, Problem, Run
from perfbench.results.json_text import encodable

COLUMNS = (
    "side", "suite", "benchmark", "params", "metric", "unit", "better", "round", "sample", "value",
    "loops", "started", "time", "cpu", "machine", "commit",
)  # fmt: skip
"""`benchmark` is the name without params, `params` reads `name=value; name=value`, `sample` counts from 0 in
its run, `value` and `cpu` are per call in `unit` and CPU seconds, `started` is in seconds since the epoch,
`time` in seconds since then. A cell is empty where that is not known."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float


def render(sides: Mapping[str, Sequence[Measurement]]) -> tuple[str, tuple[Problem, ...]]:
    """The file's text (RFC 4180), by side, and what it has no way to hold: summaries.

    Text that a spreadsheet would run as a formula gets an apostrophe in front. Values that are not finite
    read `nan`, `inf` and `-inf`. Raises UsageError when there is no sample.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    problems: list[Problem] = []
    written = False
    for label, measurements in sides.items():
        for measurement in measurements:
            if not any(run.values for run in measurement.runs):
                message = f"{measurement.benchmark}: holds no samples; left out"
                problems.append(Problem(measurement.origin, None, message))
                continue
            written = True
            for run in measurement.runs:
                writer.writerows(_rows(label, measurement, run))
    if not written:
        raise UsageError(
            "there are no samples to write", "name a file that holds samples, not only summaries"
        )
    return text.getvalue(), tuple(problems)


def _rows(label: str, measurement: Measurement, run: Run) -> Iterator[list[Cell]]:
    benchmark, metric, environment = measurement.benchmark, measurement.metric, measurement.environment
    params = "; ".join(f"{name}={value}" for name, value in benchmark.params)
    first = [
        shown_text(cell)
        for cell in (label, benchmark.suite, benchmark.name, params, metric.name, metric.unit, metric.better)
    ]
    last = [shown_text(environment.machine), shown_text(environment.commit)]
    for number, value in enumerate(run.values):
        time = run.times[number] if run.times else ""
        cpu = run.cpu[number] if run.cpu else ""
        yield [*first, run.round, number, value, run.loops, run.started or "", time, cpu, *last]


def shown_text(text: str) -> str:
    """A cell that is shown and never run (OWASP, "CSV Injection")."""
    plain = str(encodable(text)).replace("\0", "\ufffd")
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
