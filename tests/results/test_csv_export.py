"""Writing CSV: one row a sample, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given

from perfbench.errors import UsageError
from perfbench.model import BenchmarkId, Measurement, Run
from perfbench.results.csv_export import COLUMNS, render

from .samples import CALL, ENVIRONMENT, START, TIME, measurement_lists

ROW = Measurement(
    START, TIME, (Run((0.5, 0.25), 3, 1.7e9, (0.0, 0.5), (0.4, 0.2), 8),), ENVIRONMENT, "some.json"
)


def table(*measurements: Measurement) -> list[dict[str, str]]:
    text, _ = render({"head": measurements})
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_sample_is_a_row_that_says_all_there_is_to_know() -> None:
    first, second = table(ROW)
    assert first == {
        "side": "head", "suite": "container", "benchmark": "container.Lifecycle.time_start",
        "params": "runtime=docker:runc", "metric": "time", "unit": "seconds", "better": "lower", "round": "3",
        "sample": "0", "value": "0.5", "loops": "8", "started": "1700000000.0", "time": "0.0", "cpu": "0.4",
        "machine": "box", "commit": "abc",
    }  # fmt: skip
    assert (second["sample"], second["value"], second["time"]) == ("1", "0.25", "0.5")


def test_what_is_not_known_is_empty() -> None:
    (only,) = table(replace(ROW, runs=(Run((1.0,), 0, 0.0),)))
    assert [only[name] for name in ("started", "time", "cpu")] == ["", "", ""]


def test_all_sides_are_written() -> None:
    text, _ = render({"base": [ROW], "head": [ROW]})
    assert [line.partition(",")[0] for line in text.splitlines()[1:]] == ["base", "base", "head", "head"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_name_that_is_a_formula_is_shown_and_not_run(name: str) -> None:
    (only, _) = table(replace(ROW, benchmark=BenchmarkId(name, name, ((name, name),))))
    assert only["benchmark"] == only["suite"] == f"'{name}"
    assert only["params"].startswith("'")


def test_a_summary_is_left_out_and_named() -> None:
    empty = replace(ROW, benchmark=CALL, runs=())
    _, problems = render({"head": [ROW, empty]})
    assert "no samples" in problems[0].message
    with pytest.raises(UsageError, match="no samples"):
        render({"head": [empty]})


@given(measurement_lists())
def test_every_sample_of_any_measurements_is_read_back(measurements: list[Measurement]) -> None:
    samples = [repr(value) for row in measurements for run in row.runs for value in run.values]
    rows = table(*measurements)
    assert [row["value"] for row in rows] == samples
    assert all(list(row) == list(COLUMNS) for row in rows)
    assert not any(
        row[name][:1] in ("=", "+", "@") for row in rows for name in ("suite", "benchmark", "unit")
    )
