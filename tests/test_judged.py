from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import perfbench
from perfbench.judged import JudgedRow, Results
from perfbench.model import BenchmarkId, Metric, Outcome, SideSummary, Verdict
from tests.analysis.samples import ENVIRONMENT, TIME, comparison, measurement

COUNT = Metric("track", "files")


def results() -> Results:
    """Two metrics of one row, and a row that failed."""
    parse, broken = BenchmarkId("suite", "api.parse"), BenchmarkId("suite", "api.broken")
    compared = comparison(0.9, 1.1)
    base, head = measurement([[1.0, 2.0], [3.0]]), measurement([[4.0]])
    return Results(
        "check",
        SideSummary("base", "abc"),
        SideSummary("head", "def"),
        (
            JudgedRow(Verdict(parse, TIME, Outcome.PASSED, "", "", compared, compared.head), base, head),
            JudgedRow(Verdict(parse, COUNT, Outcome.NEW, "", "", value=7.0)),
            JudgedRow(Verdict(broken, None, Outcome.FAILED, "", "it broke")),
        ),
        ENVIRONMENT,
        0.01,
    )


def test_a_row_gives_medians_ratio_and_samples_of_both_sides() -> None:
    row = results().row("api.parse", "time")
    compared = row.verdict.comparison
    assert compared is not None
    assert (row.base_median, row.head_median, row.ratio) == (compared.base, compared.head, compared.ratio)
    assert row.base_values == (1.0, 2.0, 3.0)
    assert row.head_values == (4.0,)
    assert (row.id, row.metric, row.outcome) == ("api.parse", "time", "passed")


def test_a_row_without_base_has_heads_median_alone() -> None:
    row = results().row("api.parse", "track")
    assert (row.base_median, row.head_median, row.ratio) == (None, 7.0, None)
    assert row.base_values == row.head_values == ()


def test_a_row_that_failed_has_no_metric() -> None:
    row = results().row("api.broken")
    assert (row.metric, row.outcome, row.head_median) == ("", "failed", None)


def test_the_first_metric_is_meant_where_none_is_named() -> None:
    assert results().row("api.parse").metric == "time"


def test_a_row_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match=r"no row 'api\.prase' was measured"):
        results().row("api.prase")


def test_rows_are_found_by_pattern_and_in_order() -> None:
    assert [row.metric for row in results().matching("api.p*")] == ["time", "track"]
    assert [row.id for row in results()] == ["api.parse", "api.parse", "api.broken"]
    assert results().matching("other.*") == ()


def test_it_cannot_be_changed_and_goes_to_another_process_whole() -> None:
    found = results()
    with pytest.raises(AttributeError):
        found.title = "other"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


def test_it_is_perfbenchs_own_and_imported_only_when_it_is_asked_for() -> None:
    assert perfbench.Results is Results
    code = "import sys, perfbench; print('perfbench.judged' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
