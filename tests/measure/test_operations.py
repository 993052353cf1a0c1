"""Rows made of the operations that benchmarks record."""

from __future__ import annotations

from dataclasses import replace

from perfbench.measure.discovery import CONTROL, Row
from perfbench.measure.operations import operation_runs
from perfbench.model import BenchmarkId, Run

ROW = replace(CONTROL, benchmark=BenchmarkId("suite", "flow.Own.time_run", (("size", "3"),)))
RUN = Run(values=(1.0, 2.0), round=4, started=5.0, times=(0.0, 0.1), cpu=(0.5, 0.5), loops=7)


def made(*samples: dict[str, list[float]]) -> dict[str, tuple[Row, Run]]:
    replies = [{"value": 1.0, "operations": one} if one else {"value": 1.0} for one in samples]
    return {str(row.benchmark): (row, run) for row, run in operation_runs(ROW, replies, RUN)}


def test_each_operation_is_a_row_beside_the_benchmarks_own() -> None:
    found = made({"fetch": [0.5, 2, 0]}, {"fetch": [0.9, 3, 1]})
    assert list(found) == ["flow.Own.time_run.fetch(3)", "flow.Own.time_run.fetch.failed(3)"]
    row, run = found["flow.Own.time_run.fetch(3)"]
    assert (row.metric.name, row.metric.unit, row.recorded_by) == ("time", "seconds", ROW.benchmark)
    assert run == Run(values=(0.25, 0.3), round=4, started=5.0, times=(0.0, 0.1), loops=1)
    row, run = found["flow.Own.time_run.fetch.failed(3)"]
    assert (row.metric.name, run.values) == ("failed", (0.0, 0.25))


def test_an_operation_that_never_succeeded_has_no_time() -> None:
    assert list(made({"fetch": [0.0, 0, 2]})) == ["flow.Own.time_run.fetch.failed(3)"]


def test_what_some_sample_lacks_makes_no_run() -> None:
    assert made({"fetch": [0.5, 1, 0]}, {}) == {}
    assert made({}, {"fetch": [0.5, 1, 0]}) == {}


def test_a_benchmark_that_records_nothing_has_no_rows_but_its_own() -> None:
    assert made({}, {}) == {}
