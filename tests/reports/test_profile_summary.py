"""Profiles as text: what takes most and what moved most, in lines that fit a log."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model_profile import (
    ROOT,
    DifferentialGraph,
    FlameGraph,
    Frame,
    FunctionShare,
    MovedFrame,
    Overhead,
)
from perfbench.reports.profile_facts import commit_words, facts, overhead_words
from perfbench.reports.profile_summary import WIDTH, moved_summary, summary

from .flame_graph import sample
from .golden import assert_golden

EMPTY = FlameGraph("nothing", "seconds", [], [ROOT], [ROOT], [0.0])


def test_a_profile_reads_as_it_did() -> None:
    assert_golden("profile_summary.txt", summary(sample.flame_graph(), sample.manifest()))


def test_what_moved_reads_as_it_did() -> None:
    assert_golden("profile_moved.txt", moved_summary(sample.differential_graph()))


def test_hostile_texts_read_as_they_did() -> None:
    assert_golden("profile_hostile.txt", summary(sample.hostile_graph(), sample.hostile_manifest()))


def test_a_profile_needs_no_manifest() -> None:
    lines = summary(sample.flame_graph(), None).splitlines()
    assert lines[:2] == ["workflow.Workflow.time_workflow (http): 11.9 s", ""]


def test_every_note_is_said_once() -> None:
    graph = replace(sample.flame_graph(), notes=sample.manifest().notes)
    assert summary(graph, sample.manifest()).count("could not be read") == 1


def test_only_so_many_functions_are_listed() -> None:
    text = summary(sample.flame_graph(), None, most=3)
    assert f"{len(sample.flame_graph().functions) - 3} more functions" in text
    assert "os.waitpid" in text
    assert "fdatasync" not in text
    assert "more frame" not in moved_summary(sample.differential_graph(), most=1000)


def test_the_hottest_path_goes_where_most_is_taken() -> None:
    frames, parent, frame = [Frame(name) for name in "abcd"], [ROOT, 0, 0, 2, 2], [ROOT, 0, 1, 2, 3]
    graph = FlameGraph("path", "samples", frames, parent, frame, [10.0, 4.0, 6.0, 2.0, 3.0])
    path = summary(graph, None).partition("hottest path\n")[2].splitlines()
    assert [line.split() for line in path] == [
        ["100", "%", "10", "samples", "all"], ["60", "%", "6", "samples", "b"], ["30", "%", "3", "samples", "d"],
    ]  # fmt: skip


def test_a_long_path_is_shown_by_its_ends() -> None:
    chain = [ROOT, *range(500)]
    frames = [Frame(f"call_{number}") for number in range(500)]
    text = summary(FlameGraph("deep", "seconds", frames, chain, chain, [1.0] * 501), None)
    assert "… 465 more" in text
    assert "call_10\n" in text
    assert "call_11\n" not in text
    assert "call_499\n" in text


def test_nothing_says_so() -> None:
    assert "no function took anything" in summary(EMPTY, None)
    nothing = DifferentialGraph("nothing", "seconds", "a", "b", [], [ROOT], [ROOT], [0.0], [0.0], "by 1")
    assert "no frame moved" in moved_summary(nothing)


def test_a_change_of_nothing_has_no_shares() -> None:
    moved = MovedFrame(Frame("a"), 1.0, 2.0, 0.0, 1.0)
    graph = replace(sample.differential_graph(), head=sample.differential_graph().base, moved=[moved])
    assert "1 s   2 s    +1 s      –        +1 s  a" in moved_summary(graph)


@pytest.mark.parametrize(
    ("overhead", "words"),
    [
        (None, "not measured"),
        (Overhead(math.nan, math.nan, math.nan, 2), "not known after 2 slices"),
        (Overhead(1.1, math.nan, math.nan, 3), "+10 %, 3 slices"),
        (Overhead(1.0, 0.99, 1.01, 1), "0 % (−1 … +1), 1 slice"),
    ],
)
def test_the_overhead_is_said_with_its_interval(overhead: Overhead | None, words: str) -> None:
    assert overhead_words(overhead) == words


@pytest.mark.parametrize(
    ("revision", "commit", "dirty", "words"),
    [
        ("main", "9d0e77c4a1b2", False, "9d0e77c4 (main)"),
        ("9d0e77c4", "9d0e77c4a1b2", False, "9d0e77c4"),
        ("working tree", "9d0e77c4a1b2", True, "9d0e77c4+changes (working tree)"),
        ("v1.2", "", False, "v1.2"),
        ("", "", False, ""),
    ],
)
def test_a_commit_is_said_as_the_user_knows_it(revision: str, commit: str, dirty: bool, words: str) -> None:
    manifest = replace(sample.manifest(), revision=revision, commit=commit, dirty=dirty)
    assert commit_words(manifest) == words


def test_facts_that_are_not_known_are_not_named() -> None:
    manifest = replace(
        sample.manifest(), started=math.inf, environment=replace(sample.ENVIRONMENT, kernel="")
    )
    assert not {"side", "taken", "kernel", "engine"} & dict(facts(manifest)).keys()


@given(
    st.lists(st.tuples(st.text(max_size=300), st.text(max_size=200), st.floats(0, 1e9)), max_size=5),
    st.text(),
)
@settings(max_examples=50, deadline=None)
def test_no_line_is_too_wide_and_none_steers_a_terminal(
    found: list[tuple[str, str, float]], title: str
) -> None:
    shares = [FunctionShare(Frame(function, file, 3), weight, weight) for function, file, weight in found]
    text = summary(replace(EMPTY, title=title, functions=shares), None)
    for line in text.removesuffix("\n").split("\n"):
        assert line.isprintable()
        assert len(line) <= WIDTH
