"""What of call trees is drawn, held against stacks that are counted one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model_profile import ROOT, DifferentialGraph, FlameGraph, Frame
from perfbench.profiling.call_tree import CallTree, StackCollector
from perfbench.profiling.drawing import as_shares, differential_graph, flame_graph

Stacks = list[tuple[str, float]]

stacks = st.lists(st.tuples(st.text("abcd", max_size=6), st.integers(1, 9).map(float)), max_size=30)
"""Each stack is a word; a letter is a frame."""


def tree_of(found: Stacks, line: int = 0) -> CallTree:
    collector = StackCollector()
    for stack, weight in found:
        collector.add([collector.number(Frame(letter, "x.py", line)) for letter in stack], weight)
    return collector.tree()


def drawn(base: Stacks, head: Stacks, **options: int) -> DifferentialGraph:
    return differential_graph(
        tree_of(base, 3), tree_of(head, 7), title="t", unit="seconds", base_title="main", head_title="branch",
        normalised="per call", notes=["a note"], **options,
    )  # fmt: skip


def nodes(graph: FlameGraph | DifferentialGraph) -> list[str]:
    """Each node's stack as a word."""
    assert (graph.parent[0], graph.frame[0]) == (ROOT, ROOT)
    words = [""]
    for at in range(1, len(graph.parent)):
        assert graph.parent[at] < at
        words.append(words[graph.parent[at]] + graph.frames[graph.frame[at]].function)
    return words


def below(found: Stacks, stack: str) -> float:
    return sum(weight for word, weight in found if word.startswith(stack))


@settings(max_examples=50)
@given(stacks)
def test_a_flame_graph_has_every_node_with_its_weight(found: Stacks) -> None:
    graph = flame_graph(tree_of(found), title="t", unit="seconds", notes=["a note"])
    words = {word[:end] for word, _ in found for end in range(1, len(word) + 1)}
    assert set(nodes(graph)[1:]) == words
    assert list(graph.total) == [below(found, word) for word in nodes(graph)]
    assert (graph.title, graph.unit, list(graph.notes), graph.left_out) == ("t", "seconds", ["a note"], 0)
    for share in graph.functions:
        letter = share.frame.function
        assert share.own == sum(weight for word, weight in found if word.endswith(letter))
        assert share.inclusive == sum(weight for word, weight in found if letter in word)


@settings(max_examples=50)
@given(stacks, st.integers(1, 8))
def test_the_largest_nodes_are_drawn_and_the_others_counted(found: Stacks, most: int) -> None:
    whole = flame_graph(tree_of(found), title="", unit="")
    graph = flame_graph(tree_of(found), title="", unit="", most_nodes=most, most_functions=2)
    assert len(graph.parent) == min(most, len(whole.parent))
    assert graph.left_out == len(whole.parent) - len(graph.parent)
    assert sorted(graph.total, reverse=True) == sorted(whole.total, reverse=True)[: len(graph.total)]
    assert list(graph.functions) == list(whole.functions)[:2]
    assert {*graph.frame[1:]} == {*range(len(graph.frames))}


@settings(max_examples=50)
@given(stacks, stacks)
def test_a_differential_graph_has_both_weights_of_every_node(base: Stacks, head: Stacks) -> None:
    graph = drawn(base, head)
    assert list(graph.base) == [below(base, word) for word in nodes(graph)]
    assert list(graph.head) == [below(head, word) for word in nodes(graph)]
    assert {*nodes(graph)} >= {word for word, _ in base + head}
    assert all(frame.line == 0 for frame in graph.frames)


@settings(max_examples=50)
@given(stacks, stacks)
def test_what_moved_most_stands_first(base: Stacks, head: Stacks) -> None:
    graph = drawn(base, head)
    for moved in graph.moved:
        letter = moved.frame.function
        for side, inclusive, own in (
            (base, moved.base, moved.base_own),
            (head, moved.head, moved.head_own),
        ):
            assert inclusive == sum(weight for word, weight in side if letter in word)
            assert own == sum(weight for word, weight in side if word.endswith(letter))
        assert (moved.base, moved.base_own) != (moved.head, moved.head_own)
    moves = [(abs(one.head_own - one.base_own), abs(one.head - one.base)) for one in graph.moved]
    assert moves == sorted(moves, reverse=True)
    assert list(drawn(base, head, most_moved=1).moved) == list(graph.moved)[:1]


@settings(max_examples=50)
@given(stacks)
def test_nothing_moves_between_two_of_the_same(found: Stacks) -> None:
    graph = drawn(found, list(reversed(found)))
    assert (graph.moved, list(graph.base)) == ((), list(graph.head))


@settings(max_examples=50)
@given(stacks, stacks, st.integers(1, 6))
def test_what_is_large_on_either_side_is_drawn(base: Stacks, head: Stacks, most: int) -> None:
    whole, graph = drawn(base, head), drawn(base, head, most_nodes=most)
    larger = [max(pair) for pair in zip(graph.base, graph.head, strict=True)]
    all_of_them = sorted(map(max, zip(whole.base, whole.head, strict=True)), reverse=True)
    assert sorted(larger, reverse=True) == all_of_them[: len(larger)]
    assert graph.left_out == len(whole.parent) - len(graph.parent)


def test_a_function_that_is_gone_or_new_is_0_on_one_side() -> None:
    graph = drawn([("ab", 4.0), ("a", 1.0)], [("ac", 6.0), ("a", 1.0)])
    weights = dict(zip(nodes(graph), zip(graph.base, graph.head, strict=True), strict=True))
    assert weights == {"": (5.0, 7.0), "a": (5.0, 7.0), "ab": (4.0, 0.0), "ac": (0.0, 6.0)}
    assert [(one.frame.function, one.base_own, one.head_own) for one in graph.moved] == [
        ("c", 0.0, 6.0), ("b", 4.0, 0.0), ("a", 1.0, 1.0),
    ]  # fmt: skip
    assert (graph.normalised, graph.base_title, graph.head_title) == ("per call", "main", "branch")


def test_shares_are_parts_of_all() -> None:
    assert as_shares(tree_of([("a", 3.0), ("ab", 1.0)])).total().tolist() == pytest.approx([1.0, 1.0, 0.25])
    assert as_shares(tree_of([])).total().tolist() == [0.0]
