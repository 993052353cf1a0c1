"""Discovery lists every row of a folder, and a broken module breaks only itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.measure.discovery import Discovery, discover
from perfbench.model import Better


@pytest.fixture(scope="module")
def found(folder: Path) -> Discovery:
    return discover(Path(sys.executable), folder, suite="demo", default_timeout=33)


def ids(discovery: Discovery) -> set[str]:
    return {str(row.benchmark) for row in discovery.rows}


def test_each_combination_of_params_is_a_row_with_a_readable_id(found: Discovery) -> None:
    rows = {str(row.benchmark): row.index for row in found.rows}
    assert rows["kinds.Params.time_params(x, 1)"] == 0
    assert rows["kinds.Params.time_params(y, 2)"] == 3


def test_modules_in_packages_are_found(found: Discovery) -> None:
    assert "deep.inner.time_inner" in ids(found)


def test_a_module_that_cannot_be_imported_is_a_problem_and_no_more(found: Discovery) -> None:
    (problem,) = found.problems
    assert problem.path == "benchmarks.broken"
    assert "no_such_module" in problem.message


def test_the_metric_follows_from_the_kind_and_the_benchmarks_own_attributes(found: Discovery) -> None:
    metrics = {row.benchmark.name: row.metric for row in found.rows}
    assert (metrics["kinds.time_plain"].name, metrics["kinds.time_plain"].unit) == ("time", "seconds")
    assert metrics["kinds.peakmem_list"].unit == "bytes"
    assert metrics["kinds.mem_list"].name == "mem"
    cached = metrics["kinds.Cached.track_cached"]
    assert (cached.name, cached.unit, cached.better) == ("track", "answers", Better.HIGHER)


def test_a_timeout_is_the_benchmarks_own_or_the_default(found: Discovery) -> None:
    timeouts = {row.benchmark.name: row.timeout for row in found.rows}
    assert timeouts["kinds.time_never_ends"] == 1
    assert timeouts["kinds.time_plain"] == 33


def test_rows_in_a_process_of_their_own_are_not_pinned(found: Discovery) -> None:
    assert next(row for row in found.rows if "timeraw" in row.benchmark.name).pin is False


def test_a_missing_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="benchmark_dir"):
        discover(Path(sys.executable), tmp_path / "nowhere")
