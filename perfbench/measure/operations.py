"""Rows made of the operations that a benchmark recorded with `perfbench.record_operation`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from perfbench.measure.client import Reply
from perfbench.measure.discovery import Row
from perfbench.model import BenchmarkId, Metric, Run
from perfbench.units import SECONDS, SHARE

TIME = Metric("time", SECONDS)
FAILED = Metric("failed", SHARE)


def operation_runs(row: Row, samples: Sequence[Reply], run: Run) -> Iterator[tuple[Row, Run]]:
    """The rows that the operations of one worker's samples make, each with its run beside `run`.

    Of an operation a value is the mean of those of one sample that succeeded, so that value i is the
    neighbour of value i of the other side; its share of failures is a row of its own. What some sample
    lacks makes no run in this round.
    """
    recorded: list[Mapping[str, Sequence[float]]] = [sample.get("operations", {}) for sample in samples]
    if not recorded:
        return
    for name in recorded[0]:
        parts = [found[name] for found in recorded if name in found]
        if len(parts) < len(recorded):
            continue
        if all(succeeded for _, succeeded, _ in parts):
            means = tuple(seconds / succeeded for seconds, succeeded, _ in parts)
            yield _row(row, name, TIME), replace(run, values=means, cpu=(), loops=1)
        shares = tuple(failed / (succeeded + failed) for _, succeeded, failed in parts)
        yield _row(row, f"{name}.failed", FAILED), replace(run, values=shares, cpu=(), loops=1)


def _row(row: Row, name: str, metric: Metric) -> Row:
    benchmark = BenchmarkId(row.benchmark.suite, f"{row.benchmark.name}.{name}", row.benchmark.params)
    return replace(row, benchmark=benchmark, metric=metric, recorded_by=row.benchmark)
