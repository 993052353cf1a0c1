from __future__ import annotations

import json
from pathlib import Path

import pytest

from perfbench.commands.harness_rows import Series, rows_of
from perfbench.measure.harness import Execution, HarnessUnusableError
from perfbench.model import BenchmarkId, Harness, Outcome
from tests.analysis.samples import ENVIRONMENT

API = Harness("api", ("bench", "{out}"))


def execution(path: Path, content: object) -> Execution:
    path.write_text(json.dumps(content))
    return Execution(path, 1000.0, 1.0, "")


def hyperfine(**changes: object) -> dict[str, object]:
    """What hyperfine writes of two commands, one of which ended with an error."""
    one = {"command": "sleep 0.1", "mean": 0.1, "times": [0.1, 0.11], "exit_codes": [0, 0], **changes}
    two = {"command": "false", "mean": 0.1, "times": [0.1], "exit_codes": [1]}
    return {"results": [one, two]}


def test_all_processes_of_one_execution_are_one_run(tmp_path: Path) -> None:
    found = rows_of(API, execution(tmp_path / "out", hyperfine()), 4)
    ((benchmark, metric), run), *_ = found.runs.items()
    assert (benchmark, metric.name) == (BenchmarkId("api", "api.sleep 0.1"), "time")
    assert (run.values, run.round, run.started) == ((0.1, 0.11), 4, 1000.0)


def test_a_row_that_the_file_calls_failed_is_told(tmp_path: Path) -> None:
    found = rows_of(API, execution(tmp_path / "out", hyperfine()), 0)
    outcome, reason = found.outcomes[BenchmarkId("api", "api.false")]
    assert outcome is Outcome.FAILED
    assert "exit code 1" in reason


def test_a_summary_stands_for_one_value_and_says_so(tmp_path: Path) -> None:
    found = rows_of(API, execution(tmp_path / "out", hyperfine(times=None, median=0.105)), 0)
    assert [run.values for run in found.runs.values()] == [(0.105,)]
    assert any("summaries" in warning for warning in found.warnings)


def test_a_file_that_is_no_result_is_refused_without_its_temporary_path(tmp_path: Path) -> None:
    with pytest.raises(HarnessUnusableError) as refused:
        rows_of(API, execution(tmp_path / "out", {"some": "thing"}), 0)
    assert "what it wrote is not a result file" in refused.value.message
    assert str(tmp_path) not in refused.value.message


def test_a_result_of_its_own_choice_is_named_as_the_configuration_does(tmp_path: Path) -> None:
    harness = Harness("api", ("bench",), result="target/new.json")
    with pytest.raises(HarnessUnusableError, match=r"^target/new.json is not a result file"):
        rows_of(harness, execution(tmp_path / "new.json", []), 0)


def test_what_is_odd_about_its_files_is_told_a_few_times_each_once(tmp_path: Path) -> None:
    series = Series(API)
    broken = [{"command": f"one {number}", "mean": "x"} for number in range(10)]
    for number in range(10):
        content = hyperfine()
        assert isinstance(content["results"], list)
        found = execution(tmp_path / "out", {"results": [*content["results"], *broken[:number]]})
        series.take("head", rows_of(API, found, number))
    assert 1 <= len(series.warnings) <= 5
    assert all(warning.startswith("harness 'api': ") for warning in series.warnings)


def test_a_row_is_measured_by_side(tmp_path: Path) -> None:
    series = Series(API)
    for number in range(2):
        series.take("head", rows_of(API, execution(tmp_path / "out", hyperfine()), number))
    (key,) = series.runs
    head = series.measurement(key, "head", ENVIRONMENT)
    assert head is not None
    assert [run.round for run in head.runs] == [0, 1]
    assert series.measurement(key, "base", ENVIRONMENT) is None
