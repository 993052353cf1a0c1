from __future__ import annotations

import numpy as np

from perfbench.analysis.series_changes import placed_changes
from perfbench.model import BenchmarkId, Metric
from perfbench.model_history import Series, SeriesKey, Timeline

KEY = SeriesKey(BenchmarkId("demo", "module.time_it"), Metric("time", "seconds"), "box", "py3.11")


def series(values: list[float], versions: list[str] | None = None) -> Series:
    n = len(values)
    return Series(
        KEY,
        [f"c{at:03d}" for at in range(n)],
        np.arange(n, dtype=float) * 86400,
        np.array(values),
        np.full(n, np.nan),
        np.full(n, np.nan),
        versions or [""] * n,
    )


def test_a_change_lies_between_the_last_commit_of_the_old_level_and_the_first_of_the_new() -> None:
    (placed,) = placed_changes(series([1.0] * 10 + [2.0] * 10))
    assert (placed.since, placed.commit, placed.date) == ("c009", "c010", 10 * 86400)
    assert placed.between is None, "git was not asked"


def test_commits_that_were_not_measured_are_named() -> None:
    values = series([1.0] * 10 + [2.0] * 10)
    commits = [*values.commits[:10], "missing-a", "missing-b", *values.commits[10:]]
    timeline = Timeline("main", tuple(commits), tuple(float(at) for at in range(len(commits))))
    (placed,) = placed_changes(values, timeline)
    assert placed.between == ("missing-a", "missing-b")


def test_neighbouring_commits_leave_nothing_between() -> None:
    values = series([1.0] * 10 + [2.0] * 10)
    timeline = Timeline("main", tuple(values.commits), tuple(values.dates.tolist()))
    assert placed_changes(values, timeline)[0].between == ()


def test_commits_that_git_does_not_know_make_no_range() -> None:
    timeline = Timeline("main", ("other",), (0.0,))
    assert placed_changes(series([1.0] * 10 + [2.0] * 10), timeline)[0].between is None


def test_versions_of_a_benchmark_are_not_compared() -> None:
    values = [1.0] * 10 + [2.0] * 20 + [3.0] * 10
    assert placed_changes(series(values, ["a"] * 10 + ["b"] * 30))[0].commit == "c030"
    assert len(placed_changes(series(values, ["a"] * 10 + ["b"] * 30))) == 1
    assert len(placed_changes(series(values))) == 2


def test_a_recovery_names_its_commit() -> None:
    placed = placed_changes(series([1.0] * 10 + [2.0] * 10 + [1.0] * 10))
    assert [one.recovered_at for one in placed] == ["c020", None]


def test_no_points_have_no_changes() -> None:
    assert placed_changes(series([])) == ()
