"""Points in git's order, branch by branch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model import BenchmarkId, Metric
from perfbench.model_history import Series, SeriesKey, Timeline
from perfbench.results.history.arranging import arranged

KEY = SeriesKey(BenchmarkId("p", "m.time_one"), Metric("time", "seconds"), "box", "py3.12")


def hashed(name: str) -> str:
    return name * 40


def series(commits: Sequence[str], dates: Sequence[float] = (), branch: str = "") -> Series:
    """A series whose values are the places of its points."""
    count = len(commits)
    nothing = np.full(count, np.nan)
    return Series(
        SeriesKey(KEY.benchmark, KEY.metric, KEY.machine, KEY.environment, branch),
        list(commits),
        np.array(dates or range(count), dtype=float),
        np.arange(count, dtype=float),
        nothing,
        nothing,
        [""] * count,
    )


def timeline(branch: str, names: str) -> Timeline:
    return Timeline(branch, tuple(map(hashed, names)), tuple(map(float, range(len(names)))))


def test_gits_order_counts_where_dates_lie() -> None:
    (found,), problems = arranged(series([hashed(n) for n in "bac"], [1, 2, 3]), [timeline("main", "abc")])
    assert [commit[0] for commit in found.commits] == ["a", "b", "c"]
    assert found.values.tolist() == [1.0, 0.0, 2.0]
    assert found.key.branch == "main"
    assert [problem.message for problem in problems] == [
        "the date of bbbbbbbb lies before that of aaaaaaaa, which it follows on main: git's order counts"
    ]


def test_a_commit_on_two_branches_is_on_both() -> None:
    found, problems = arranged(
        series([hashed(n) for n in "abcx"]), [timeline("main", "abc"), timeline("release", "abx")]
    )
    assert {one.key.branch: "".join(c[0] for c in one.commits) for one in found} == {
        "main": "abc", "release": "abx"
    }  # fmt: skip
    assert problems == []


def test_commits_of_a_rewritten_history_stand_apart_and_are_named() -> None:
    found, (problem,) = arranged(series([hashed(n) for n in "axbyc"]), [timeline("main", "abc")])
    assert {one.key.branch: "".join(c[0] for c in one.commits) for one in found} == {"main": "abc", "": "xy"}
    assert problem.message == (
        "2 commits (first xxxxxxxx) are not on main, as after a rewritten history: in the order of dates, apart"
    )


def test_a_series_of_another_history_stays_as_it_is() -> None:
    whole = series([hashed(n) for n in "xyz"])
    found, (problem,) = arranged(whole, [timeline("main", "abc")])
    assert found == [whole]
    assert "3 commits" in problem.message


def test_a_series_that_names_its_branch_is_held_against_that_alone() -> None:
    timelines = [timeline("main", "abc"), timeline("dev", "abd")]
    (found,), _ = arranged(series([hashed(n) for n in "ab"], branch="dev"), timelines)
    assert found.key.branch == "dev"
    other = series([hashed("q")], branch="gone")
    assert arranged(other, timelines) == ([other], [])


def test_shortened_hashes_are_found_if_they_name_one_commit() -> None:
    line = Timeline(
        "main", ("1234567" + "a" * 33, "1234567" + "b" * 33, "7654321" + "c" * 33), (1.0, 2.0, 3.0)
    )
    found, problems = arranged(series(["7654321", "1234567"]), [line])
    assert {one.key.branch: list(one.commits) for one in found} == {"main": ["7654321"], "": ["1234567"]}
    assert len(problems) == 1


def test_without_timelines_or_points_nothing_changes() -> None:
    whole, empty = series([hashed("a")]), series([])
    assert arranged(whole, []) == ([whole], [])
    assert arranged(empty, [timeline("main", "abc")]) == ([empty], [])


@given(st.lists(st.sampled_from("abcdefxyz"), max_size=30), st.lists(st.sampled_from("abcdef"), unique=True))
def test_no_point_is_lost_and_each_branch_is_in_its_order(names: list[str], branch: list[str]) -> None:
    whole = series([hashed(name) for name in names])
    found, _ = arranged(whole, [timeline("main", "".join(branch))])
    assert sorted(value for one in found for value in one.values.tolist()) == whole.values.tolist()
    for one in found:
        if one.key.branch == "main":
            places = [branch.index(commit[0]) for commit in one.commits]
            assert places == sorted(places)
            assert all(one.commits[i] == whole.commits[int(v)] for i, v in enumerate(one.values))
