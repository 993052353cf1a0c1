"""Writing for pyperf: the real pyperf reads it, and so do we."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.model import BenchmarkId, Better, Measurement, Metric, Run
from perfbench.results import pyperf
from perfbench.results.pyperf_export import render, write

from .samples import CALL, ENVIRONMENT, START, TIME, document, measurement_lists

RATE = Metric("track", "requests/s", Better.HIGHER)


def measurement(
    benchmark: BenchmarkId = START, metric: Metric = TIME, *, factor: float = 1.0, runs: int = 6
) -> Measurement:
    """Six processes with three values each."""
    found = tuple(
        Run(tuple(factor * (1e-3 + 1e-5 * (n + k)) for k in range(3)), n, 1_700_000_000.0 + n, loops=4)
        for n in range(runs)
    )
    return Measurement(benchmark, metric, found, ENVIRONMENT, "head")


def run_pyperf(*arguments: str) -> str:
    pytest.importorskip("pyperf")
    done = subprocess.run(
        [sys.executable, "-m", "pyperf", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pyperf_stats_reads_it_with_the_same_figures(tmp_path: Path) -> None:
    one = measurement()
    assert write(tmp_path / "a.json", [one]) == ()
    said = run_pyperf("stats", str(tmp_path / "a.json"))
    values = [value for each in one.runs for value in each.values]
    assert "Number of run with values: 6" in said
    assert f"{statistics.mean(values) * 1e3:.2f} ms" in said
    library = pytest.importorskip("pyperf")
    assert library.BenchmarkSuite.load(str(tmp_path / "a.json")).get_benchmark_names() == [str(START)]


def test_pyperf_compare_to_sees_the_change(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [measurement(), measurement(CALL)])
    write(tmp_path / "b.json", [measurement(factor=1.5), measurement(CALL)])
    said = run_pyperf("compare_to", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert str(START) in said
    assert "1.50x slower" in said


@pytest.mark.parametrize("command", ["show", "check", "metadata", "hist", "dump", "slowest"])
def test_the_other_commands_of_pyperf_read_it(tmp_path: Path, command: str) -> None:
    write(tmp_path / "a.json", [measurement(runs=30), measurement(CALL, RATE, factor=1e6, runs=30)])
    assert run_pyperf(command, str(tmp_path / "a.json"))


def test_files_can_be_merged_by_pyperf(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [measurement()])
    write(tmp_path / "b.json", [measurement()])
    run_pyperf(
        "convert", str(tmp_path / "a.json"), "--add", str(tmp_path / "b.json"), "-o", str(tmp_path / "c.json")
    )
    assert "Number of run with values: 12" in run_pyperf("stats", str(tmp_path / "c.json"))


def test_a_row_with_several_metrics_gets_several_names() -> None:
    text, _ = render([measurement(), measurement(metric=RATE), measurement(metric=replace(RATE, unit="x"))])
    names = [entry["metadata"]["name"] for entry in json.loads(text)["benchmarks"]]
    assert names == [str(START), f"{START} [track]", f"{START} [track 2]"]


def test_values_that_pyperf_refuses_are_left_out_and_named() -> None:
    bad = replace(
        measurement(), runs=(Run((1.0, 0.0, -1.0, math.nan, math.inf), 0, 0.0), Run((0.0,), 1, 0.0))
    )
    text, problems = render([bad])
    assert [run["values"] for run in json.loads(text)["benchmarks"][0]["runs"]] == [[1.0]]
    assert "5 values" in problems[0].message
    with pytest.raises(UsageError, match="no values"):
        render([replace(bad, runs=bad.runs[1:])])


def test_an_existing_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        write(tmp_path / "a.json", [measurement()])
    assert (tmp_path / "a.json").read_text() == "mine"


def _as_read(before: Measurement) -> Measurement:
    """What pyperf's layout keeps of a measurement: neither times nor CPU seconds, and no dependencies."""
    runs = tuple(Run(run.values, run.round, run.started, loops=run.loops) for run in before.runs)
    environment = replace(before.environment, dependencies={}, governor="")
    return replace(before, runs=runs, environment=environment, origin="some.json")


@given(measurement_lists(st.floats(min_value=0, exclude_min=True, allow_infinity=False)))
def test_any_measurements_survive_the_round_trip(measurements: list[Measurement]) -> None:
    text, problems = render(measurements)
    result = pyperf.read(document(text.encode(), "some.json"))
    assert problems == result.problems == ()
    assert list(result.side()) == [_as_read(each) for each in measurements]


@given(measurement_lists(st.floats()))
def test_what_is_written_the_real_pyperf_accepts(measurements: list[Measurement]) -> None:
    library = pytest.importorskip("pyperf")
    try:
        text, _ = render(measurements)
    except UsageError:
        return
    suite = library.BenchmarkSuite.loads(text)
    assert len(suite.get_benchmarks()) <= len(measurements)
