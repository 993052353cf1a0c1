"""Measurements and files that the tests of this folder share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import strategies as st

from perfbench.model import BenchmarkId, Better, Environment, Measurement, Metric, Run
from perfbench.results.document import Document
from perfbench.results.result_file import LATEST, Header, SideHeader

TIME = Metric("time", "seconds")
START = BenchmarkId("container", "container.Lifecycle.time_start", (("runtime", "docker:runc"),))
CALL = BenchmarkId("command", "command.Exec.time_call")

ENVIRONMENT = Environment(
    machine="box",
    cpu="Model 1",
    cores=2,
    memory=8 * 1024**3,
    kernel="Linux 6.1",
    governor="none",
    python="CPython 3.11.2",
    dependencies={"numpy": "2.0.0"},
    commit="abc",
)


def header(*labels: str, dirty: bool = False) -> Header:
    """A header with those sides."""
    sides = {label: SideHeader(f"rev-{label}", "abc", dirty, ENVIRONMENT) for label in labels}
    return Header("a title", 1_700_000_000.5, sides, ("check", "--quick"), ("a process is busy: stop it",))


def run(*values: float, number: int = 0) -> Run:
    """A run with those values."""
    return Run(tuple(values), number, 1_700_000_001.25 + number, loops=8)


def document(data: bytes, path: str = "some.jsonl") -> Document:
    """A document with those bytes."""
    return Document(path, data)


def real_data(folder: str) -> Path:
    """A folder of real result files; the test is skipped where there is none."""
    given = os.environ.get("PERFBENCH_TEST_DATA")
    root = Path(given) if given else Path(__file__).parents[2] / "../shared/data"
    if not (root / folder).is_dir():
        pytest.skip(f"no {folder} among the test data (PERFBENCH_TEST_DATA names their folder)")
    return root / folder


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_counts = st.integers(0, 2**53 - 1)
_moments = st.floats(0, LATEST)
_finite = st.floats(allow_nan=False, allow_infinity=False)

benchmark_ids = st.builds(
    BenchmarkId, _texts, _texts, st.lists(st.tuples(_texts, _texts), max_size=3).map(tuple)
)
metrics = st.builds(Metric, _texts, _texts, st.sampled_from(Better))


@st.composite
def runs(draw: st.DrawFn, values: st.SearchStrategy[float] | None = None) -> tuple[Run, ...]:
    """Runs of one row: each round once, any values, with or without times and CPU seconds."""
    values = st.floats() if values is None else values
    found = []
    for number in draw(st.lists(_counts, min_size=1, max_size=4, unique=True)):
        sampled = tuple(draw(st.lists(values, min_size=1, max_size=5)))
        size = len(sampled)
        times = tuple(draw(st.lists(_finite, min_size=size, max_size=size))) if draw(st.booleans()) else ()
        cpu = tuple(draw(st.lists(values, min_size=size, max_size=size))) if draw(st.booleans()) else ()
        loops = draw(st.integers(1, 2**53 - 1))
        found.append(Run(sampled, number, draw(_moments), times, cpu, loops))
    return tuple(found)


@st.composite
def measurement_lists(draw: st.DrawFn, values: st.SearchStrategy[float] | None = None) -> list[Measurement]:
    """Measurements of different rows."""
    keys = draw(st.lists(st.tuples(benchmark_ids, metrics), min_size=1, max_size=4, unique=True))
    return [
        Measurement(benchmark, metric, draw(runs(values)), ENVIRONMENT, "head") for benchmark, metric in keys
    ]
