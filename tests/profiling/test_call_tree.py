"""Call trees, held against stacks that are counted one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model_profile import ROOT, Frame
from perfbench.profiling.call_tree import (
    DEEPEST,
    DROPPED,
    CallTree,
    StackCollector,
    below,
    functions,
    largest,
    lean,
    overlaid,
    regrouped,
    renamed,
)

Stacks = list[tuple[str, float]]

stacks = st.lists(st.tuples(st.text("abcd", max_size=6), st.integers(1, 9).map(float)), max_size=30)
"""Each stack is a word; a letter is a frame."""


def tree_of(found: Iterable[tuple[str, float]]) -> CallTree:
    collector = StackCollector()
    for stack, weight in found:
        collector.add([collector.number(Frame(letter)) for letter in stack], weight)
    return collector.tree()


def words(tree: CallTree, weight: np.ndarray | None = None) -> dict[str, float]:
    """Every node's stack and own weight, those of weight 0 left out."""
    names = [""] * len(tree.parent)
    found: dict[str, float] = defaultdict(float)
    for node in range(len(tree.parent)):
        if node:
            assert tree.parent[node] < node
            names[node] = names[tree.parent[node]] + tree.frames[tree.frame[node]].function
        own = (tree.weight if weight is None else weight)[node]
        if own:
            found[names[node]] += float(own)
    return dict(found)


def counted(found: Stacks) -> dict[str, float]:
    sums: Counter[str] = Counter()
    for stack, weight in found:
        sums[stack] += weight  # type: ignore[assignment]
    return dict(sums)


@given(stacks)
def test_a_tree_holds_every_stack_and_no_more(found: Stacks) -> None:
    tree = tree_of(found)
    assert words(tree) == counted(found)
    assert len({*zip(tree.parent.tolist(), tree.frame.tolist(), strict=True)}) == len(tree.parent)
    assert (tree.parent[0], tree.frame[0], tree.depth[0]) == (ROOT, ROOT, 0)


@given(stacks)
def test_totals_are_sums_over_what_lies_below(found: Stacks) -> None:
    tree = tree_of(found)
    total = tree.total()
    assert total[0] == sum(weight for _, weight in found)
    children = np.bincount(tree.parent[1:], total[1:], minlength=len(total))
    assert np.allclose(total, tree.weight + children)


@given(stacks)
def test_recursion_counts_once(found: Stacks) -> None:
    shares = {share.frame.function: share for share in functions(tree_of(found))}
    for letter in "abcd":
        inclusive = sum(weight for stack, weight in found if letter in stack)
        own = sum(weight for stack, weight in found if stack.endswith(letter))
        if inclusive:
            assert (shares[letter].inclusive, shares[letter].own) == (inclusive, own)


@given(stacks)
def test_a_frame_that_dissolves_leaves_its_weight_with_its_caller(found: Stacks) -> None:
    tree = renamed(tree_of(found), lambda frame: None if frame.function == "a" else frame)
    assert words(tree) == counted([(stack.replace("a", ""), weight) for stack, weight in found])


@given(stacks)
def test_frames_of_one_name_are_merged(found: Stacks) -> None:
    tree = renamed(tree_of(found), lambda frame: Frame("a") if frame.function == "b" else frame)
    assert words(tree) == counted([(stack.replace("b", "a"), weight) for stack, weight in found])
    assert len({*zip(tree.parent.tolist(), tree.frame.tolist(), strict=True)}) == len(tree.parent)


@given(stacks)
def test_a_dropped_node_goes_with_all_below_it(found: Stacks) -> None:
    tree = tree_of(found)
    gone = np.array([frame != ROOT and tree.frames[frame].function == "b" for frame in tree.frame])
    kept = regrouped(tree, tree.frames, np.where(gone, DROPPED, tree.frame))
    assert words(kept) == counted([(stack, weight) for stack, weight in found if "b" not in stack])


@given(stacks)
def test_below_keeps_what_the_last_harness_frame_has_called_to_measure(found: Stacks) -> None:
    """`c` is the harness's entry, `d` the rest of the harness."""
    tree = below(tree_of(found), lambda frame: frame.function in "cd", lambda frame: frame.function == "c")
    kept = []
    for stack, weight in found:
        last = max(stack.rfind("c"), stack.rfind("d"))
        inside = stack[last + 1 :]
        if last >= 0 and stack[last] == "c" and inside:
            # What lies above the entry and below another one is part of what was measured there.
            before = "".join(
                letter
                for place, letter in enumerate(stack[:last])
                if letter in "ab" and _measured(stack, place)
            )
            kept.append((before + inside, weight))
    assert words(tree) == counted(kept)


@given(stacks)
def test_with_others_stacks_without_the_harness_stay(found: Stacks) -> None:
    """`c` is an entry, `d` the rest of the harness; what only leads to it is no other thread."""
    tree = below(
        tree_of(found),
        lambda frame: frame.function in "cd",
        lambda frame: frame.function == "c",
        others=True,
    )
    beyond = {
        stack[:end] for stack, _ in found for end in range(len(stack) + 1) if {"c", "d"} & set(stack[end:])
    }
    kept = words(tree)
    apart = [
        (stack, weight) for stack, weight in found if not {"c", "d"} & set(stack) and stack not in beyond
    ]
    for stack, weight in counted([(stack, weight) for stack, weight in apart if stack]).items():
        assert kept.get(_without(stack, beyond), 0.0) >= weight


def _without(stack: str, beyond: set[str]) -> str:
    return "".join(letter for end, letter in enumerate(stack, start=1) if stack[:end] not in beyond)


def _measured(stack: str, place: int) -> bool:
    last = max(stack.rfind("c", 0, place), stack.rfind("d", 0, place))
    return last >= 0 and stack[last] == "c"


@given(stacks, st.sets(st.sampled_from("abcd")))
def test_a_lean_tree_holds_what_weighs_and_no_other_frame(found: Stacks, weightless: set[str]) -> None:
    weighed = [(stack, 0.0 if stack[-1:] in weightless else weight) for stack, weight in found]
    tree = lean(tree_of(weighed))
    assert words(tree) == {stack: weight for stack, weight in counted(weighed).items() if weight}
    assert {frame.function for frame in tree.frames} == {
        letter for stack, weight in weighed if weight for letter in stack
    }
    assert len({*zip(tree.parent.tolist(), tree.frame.tolist(), strict=True)}) == len(tree.parent)


@given(stacks, stacks)
def test_overlaid_trees_keep_the_weights_of_each(one: Stacks, other: Stacks) -> None:
    both, (left, right) = overlaid([tree_of(one), tree_of(other)])
    assert words(both, left) == counted(one)
    assert words(both, right) == counted(other)
    assert words(both) == counted([*one, *other])


@given(stacks, st.integers(1, 12))
def test_the_largest_nodes_bring_their_parents(found: Stacks, most: int) -> None:
    tree = tree_of(found)
    total = tree.total()
    shown, left_out = largest(total, most)
    assert len(shown) <= most
    assert set(tree.parent[shown[1:]].tolist()) <= set(shown.tolist())
    if total[0]:
        assert left_out + len(shown) == int((total > 0).sum())


def test_a_stack_of_endless_depth_is_cut_at_its_leaf() -> None:
    tree = tree_of([("a" * 100_000, 1.0)])
    assert len(tree.parent) == DEEPEST + 1
    assert tree.total()[0] == 1.0


def test_weights_can_be_scaled() -> None:
    assert words(tree_of([("ab", 2.0)]).scaled(0.5)) == {"ab": 1.0}


def test_a_tree_of_nothing_is_its_root() -> None:
    tree = tree_of([])
    assert (len(tree.parent), functions(tree), words(tree)) == (1, [], {})
    assert pytest.approx(tree.total()[0]) == 0.0


@pytest.mark.limit_memory("60 MB")
def test_many_stacks_take_little_memory() -> None:
    """As objects, 100,000 different stacks of 25 frames would be ten times as much."""
    collector = StackCollector()
    for number in range(500):
        collector.number(Frame(f"function_{number}", "module.py"))
    for stack in range(100_000):
        collector.add([(stack * step) % 500 for step in range(25)], 1.0)
    assert collector.tree().total()[0] == 100_000
