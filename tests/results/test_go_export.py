"""Writing Go's benchmark text: benchstat reads it where it is installed, and so do we."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.model import BenchmarkId, Better, Measurement, Metric, Run
from perfbench.results import go_text
from perfbench.results.document import load
from perfbench.results.go_export import render

from .samples import CALL, ENVIRONMENT, START, TIME, document, measurement_lists, real_data, run

RATE = Metric("track", "requests/s", Better.HIGHER)
PEAK = Metric("peakmem", "bytes")

RESULT_LINE = re.compile(r"Benchmark\S* [1-9]\d* -?\d+(\.\d+)?(E[+-]\d+)? \S+")
SETTING_LINE = re.compile(r"[a-z][^\sA-Z:]*:( .*)?")
UNIT_LINE = re.compile(r"Unit \S+( [^\s=]+=\S*)+")


def measurement(benchmark: BenchmarkId = START, metric: Metric = TIME, *, factor: float = 1.0) -> Measurement:
    """Three processes with two samples each."""
    runs = tuple(run(factor * (0.001 + n / 1e6), factor * 0.0015, number=n) for n in range(3))
    return Measurement(benchmark, metric, runs, ENVIRONMENT, "head")


def read(text: str) -> tuple[Measurement, ...]:
    result = go_text.read(document(text.encode(), "some.txt"))
    assert result.problems == ()
    return result.side()


def as_read(before: Measurement) -> Measurement:
    """What Go's format keeps: neither rounds, starts nor clocks, and no dependencies."""
    runs = tuple(Run(run.values, number, 0.0, loops=run.loops) for number, run in enumerate(before.runs))
    return replace(
        before, runs=runs, environment=replace(before.environment, dependencies={}), origin="some.txt"
    )


def test_each_sample_is_a_line_and_each_process_ends_with_pass() -> None:
    text, problems = render([measurement(), measurement(metric=RATE, factor=1e6)])
    assert problems == ()
    assert text.splitlines()[:15] == [
        "# written by perfbench",
        "Unit ns/op better=lower",
        "Unit requests/s better=higher metric=track",
        "suite: container",
        "machine: box",
        "cpu: Model 1",
        "cores: 2",
        "memory: 8589934592",
        "# kernel: Linux 6.1",
        "# governor: none",
        "# python: CPython 3.11.2",
        "# commit: abc",
        "Benchmark_container.Lifecycle.time_start/runtime=docker:runc 8 1000000 ns/op",
        "Benchmark_container.Lifecycle.time_start/runtime=docker:runc 8 1500000 ns/op",
        "Benchmark_container.Lifecycle.time_start/runtime=docker:runc 8 1000 requests/s",
    ]
    assert text.count("PASS\n") == 3


def test_rows_of_different_suites_and_environments_are_told_apart() -> None:
    other = replace(measurement(CALL), environment=replace(ENVIRONMENT, machine="", commit="def"))
    rows = [measurement(), other]
    assert list(read(render(rows)[0])) == [as_read(row) for row in rows]


@given(measurement_lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_any_measurements_survive_the_round_trip(measurements: list[Measurement]) -> None:
    text, problems = render(measurements)
    assert problems == ()
    found = read(text)
    assert sorted(found, key=repr) == sorted(map(as_read, measurements), key=repr)


@given(measurement_lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_every_line_is_one_of_the_specification(measurements: list[Measurement]) -> None:
    first, *lines, last = render(measurements)[0].split("\n")
    assert (first, last) == ("# written by perfbench", "")
    for line in lines:
        assert (
            line == "PASS"
            or line.startswith("# ")
            or any(kind.fullmatch(line) for kind in (RESULT_LINE, SETTING_LINE, UNIT_LINE))
        ), line


def test_values_that_are_not_finite_and_summaries_are_left_out_and_named() -> None:
    odd = replace(measurement(), runs=(run(1.0, math.nan, math.inf),))
    empty = replace(measurement(CALL), runs=())
    text, problems = render([odd, empty])
    assert [row.runs[0].values for row in read(text)] == [(1.0,)]
    assert ["2 values" in problems[0].message, "no samples" in problems[1].message] == [True, True]
    with pytest.raises(UsageError, match="no samples"):
        render([empty])


def test_two_metrics_with_the_same_unit_get_different_ones() -> None:
    rows = [measurement(metric=Metric(name, "x")) for name in ("a", "b")]
    assert [row.metric.name for row in read(render(rows)[0])] == ["a", "b"]


def benchstat(folder: Path, *options: str, **files: Sequence[Measurement]) -> str:
    program = shutil.which("benchstat")
    if program is None:
        pytest.skip("benchstat is not installed (go install golang.org/x/perf/cmd/benchstat@latest)")
    for name, measurements in files.items():
        (folder / name).write_text(render(measurements)[0])
    done = subprocess.run([program, *options, *files], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_benchstat_compares_two_files_of_different_commits(tmp_path: Path) -> None:
    later = replace(ENVIRONMENT, commit="def", kernel="Linux 6.2")
    head = [
        replace(measurement(metric=metric, factor=factor * 1.5), environment=later)
        for metric, factor in ((TIME, 1.0), (RATE, 1e6), (PEAK, 1e9))
    ]
    base = [measurement(), measurement(metric=RATE, factor=1e6), measurement(metric=PEAK, factor=1e9)]
    said = benchstat(tmp_path, base=base, head=head)
    assert "_container.Lifecycle.time_start/runtime=docker:runc" in said
    assert [unit in said for unit in ("sec/op", "requests/s", "peakmem-bytes")] == [True] * 3
    assert said.count("+50.0") == 3


def test_benchstat_says_of_converted_files_what_it_says_of_the_originals(tmp_path: Path) -> None:
    folder = real_data("go-benchstat")
    sides = {name: go_text.read(load(folder / name)).side() for name in ("old.txt", "new.txt")}
    expected = (folder / "csvOldNew.stdout").read_text().splitlines()
    said = benchstat(tmp_path, "-format=csv", **sides).splitlines()
    assert said[-4:] == expected[-4:]


def test_benchstat_reads_names_that_are_no_names_of_gos(tmp_path: Path) -> None:
    row = BenchmarkId("s", "a b/c=d %", (("key /", "value\n-8"),))
    assert "_a%20b/c%3Dd%20%25/key%20%2F=value%0A%2D8" in benchstat(tmp_path, base=[measurement(row)])
