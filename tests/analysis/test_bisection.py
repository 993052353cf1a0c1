"""What a bisection asks next, and what its measurements tell: never more than they do."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.bisection import (
    MOST_UNCLEAR,
    Bounds,
    bounds,
    direction_of,
    likeness,
    middle_of,
    next_commit,
    steps_left,
    verdicts_of,
    widened,
)
from perfbench.model_history import BisectStep, Direction, Likeness
from tests.analysis.samples import RATE, SHOWN, TIME

GOOD, BAD, UNCLEAR, SKIPPED = Likeness.GOOD, Likeness.BAD, Likeness.UNCLEAR, Likeness.SKIPPED
COMMITS = [f"c{number}" for number in range(9)]


def step(commit: str, like: Likeness, against: str = "c0") -> BisectStep:
    return BisectStep(commit, against, like)


@pytest.mark.parametrize(
    ("low", "high", "whole", "like"),
    [
        (0.99, 1.01, 1.2, GOOD),
        (1.18, 1.22, 1.2, BAD),
        (1.02, 1.18, 1.2, UNCLEAR),
        (1.09, 1.10, 1.2, UNCLEAR),  # half way: one of two steps
        (0.99, 1.01, 0.8, GOOD),
        (0.79, 0.81, 0.8, BAD),
        (0.85, 0.95, 0.8, UNCLEAR),
        (1.0, 1.0, math.inf, GOOD),
        (math.inf, math.inf, math.inf, BAD),
        (0.0, 0.0, 0.0, BAD),
        (math.nan, math.nan, 1.2, UNCLEAR),
        (0.0, math.inf, 1.2, UNCLEAR),
        (1.0, 1.0, 1.0, UNCLEAR),
    ],
)
def test_a_commit_is_like_the_end_on_whose_side_its_whole_interval_lies(
    low: float, high: float, whole: float, like: Likeness
) -> None:
    assert likeness(low, high, whole=whole) is like


def test_what_could_be_noise_alone_is_unclear() -> None:
    assert likeness(1.15, 1.25, whole=1.2, noise=0.10) is BAD
    assert likeness(1.15, 1.25, whole=1.2, noise=0.30) is UNCLEAR
    assert likeness(0.95, 1.05, whole=1.2, noise=0.10) is GOOD
    assert likeness(0.95, 1.05, whole=1.2, noise=0.19) is UNCLEAR


def test_the_middle_is_geometric_and_the_same_either_way() -> None:
    assert middle_of(1.44) == pytest.approx(0.2)
    assert middle_of(1 / 1.44) == pytest.approx(0.2)
    assert middle_of(math.inf) == middle_of(math.nan) == math.inf


def test_the_direction_is_the_metrics() -> None:
    assert direction_of(1.2, TIME) is Direction.REGRESSION
    assert direction_of(1.2, RATE) is Direction.IMPROVEMENT
    assert direction_of(1.2, SHOWN) is Direction.CHANGE


def test_the_middle_is_asked_first_then_the_middle_of_what_is_left() -> None:
    assert next_commit(COMMITS, {}) == "c4"
    assert next_commit(COMMITS, {"c4": BAD}) == "c2"
    assert next_commit(COMMITS, {"c4": GOOD}) == "c6"
    assert steps_left(COMMITS, {}) == 3
    assert steps_left(COMMITS, {"c4": GOOD}) == 2


def test_neighbours_of_what_cannot_be_measured_are_asked_instead() -> None:
    assert next_commit(COMMITS, {"c4": SKIPPED}) == "c3"
    assert next_commit(COMMITS, {"c4": SKIPPED, "c3": UNCLEAR}) == "c5"


def test_it_ends_where_nothing_is_left_between() -> None:
    known = {"c4": GOOD, "c6": BAD, "c5": SKIPPED}
    assert next_commit(COMMITS, known) is None
    assert bounds(COMMITS, known) == Bounds(4, 6)


def test_it_gives_up_where_noise_hides_one_commit_after_another() -> None:
    known = dict.fromkeys(["c3", "c4", "c5"][:MOST_UNCLEAR], UNCLEAR)
    assert next_commit(COMMITS, known) is None
    assert bounds(COMMITS, known) == Bounds(0, 8)


def test_hints_are_asked_first_as_long_as_they_lie_between() -> None:
    assert next_commit(COMMITS, {}, ["c7", "c6"]) == "c7"
    assert next_commit(COMMITS, {"c7": BAD}, ["c7", "c6"]) == "c6"
    assert next_commit(COMMITS, {"c7": GOOD, "c6": GOOD}, ["c7", "c6"]) is None
    assert next_commit(COMMITS, {"c5": BAD}, ["c7", "other"]) == "c2"


def test_of_several_measurements_the_clear_one_counts_and_a_contradiction_does_not() -> None:
    assert verdicts_of([step("a", UNCLEAR), step("a", BAD, "c8")]) == {"a": BAD}
    assert verdicts_of([step("a", GOOD), step("a", UNCLEAR, "c8")]) == {"a": GOOD}
    assert verdicts_of([step("a", GOOD), step("a", BAD, "c8")]) == {"a": UNCLEAR}
    assert verdicts_of([step("a", UNCLEAR), step("a", SKIPPED, "c8")]) == {"a": SKIPPED}


def test_a_change_that_came_back_and_came_again_is_searched_where_it_came_first() -> None:
    assert bounds(COMMITS, {"c2": BAD, "c4": GOOD, "c6": BAD}) == Bounds(0, 2)


def test_bounds_that_were_contradicted_give_way_to_the_next_ones() -> None:
    known = {"c2": GOOD, "c4": GOOD, "c5": BAD, "c7": BAD}
    assert bounds(COMMITS, known) == Bounds(4, 5)
    assert widened(COMMITS, known) == Bounds(2, 7)
    assert widened(COMMITS, {"c4": GOOD, "c5": BAD}) == Bounds(0, 8)


@given(
    st.integers(2, 60).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size - 1))),
    st.sets(st.integers(1, 59), max_size=10),
    st.sets(st.integers(1, 59), max_size=10),
)
def test_whatever_cannot_be_told_the_culprit_is_among_the_candidates_and_the_search_ends(
    drawn: tuple[int, int], unclear: set[int], broken: set[int]
) -> None:
    size, culprit = drawn
    commits = [str(number) for number in range(size)]
    known: dict[str, Likeness] = {}
    asked = 0
    while (commit := next_commit(commits, known)) is not None:
        number = int(commit)
        known[commit] = (
            SKIPPED
            if number in broken
            else UNCLEAR
            if number in unclear
            else BAD
            if number >= culprit
            else GOOD
        )
        asked += 1
        assert asked <= size
    now = bounds(commits, known)
    assert now.good < culprit <= now.bad
    if not unclear and not broken:
        assert now.bad - now.good == 1
        assert asked <= math.ceil(math.log2(size)) + 1
