"""Stacks that share their roots, held against the same stacks given whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import DEEPEST, CallTree, StackCollector
from perfbench.profiling.rooted_stacks import RootedStacks

stacks = st.lists(
    st.tuples(st.text("abc", max_size=5), st.text("abc", max_size=4), st.integers(1, 9)), max_size=30
)
"""Root, what stands below it, and weight; a letter is a frame."""


def columns(tree: CallTree) -> tuple[object, ...]:
    return (
        tree.frames,
        *(column.tolist() for column in (tree.parent, tree.frame, tree.depth, tree.weight)),
    )


@settings(max_examples=50)
@given(stacks, st.booleans())
def test_shared_roots_make_the_same_tree_as_whole_stacks(
    found: list[tuple[str, str, int]], roots_are_given_once: bool
) -> None:
    rooted, whole = RootedStacks(), StackCollector()
    known: dict[str, int] = {}
    for root, below, weight in found:
        numbers = [rooted.number(Frame(letter)) for letter in root + below]
        if root not in known or not roots_are_given_once:
            known[root] = rooted.root(numbers[: len(root)])
        rooted.add(numbers[len(root) :], weight, known[root])
        whole.add([whole.number(Frame(letter)) for letter in root + below], weight)
    assert columns(rooted.tree()) == columns(whole.tree())
    assert len(rooted) == len(found)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.text("abc", max_size=3), st.text("abc", min_size=2, max_size=2)), max_size=20))
def test_many_stacks_may_be_given_at_once(found: list[tuple[str, str]]) -> None:
    many, single = RootedStacks(), RootedStacks()
    for stacks in (many, single):
        for letter in "abc":
            stacks.number(Frame(letter))
    rows = np.array([["abc".index(letter) for letter in below] for _, below in found], np.int32).reshape(
        -1, 2
    )
    roots = [many.root(["abc".index(letter) for letter in root]) for root, _ in found]
    many.add_below(rows, np.ones(len(found)), roots)
    for root, below in found:
        single.add(["abc".index(letter) for letter in root + below], 1.0)
    assert columns(many.tree()) == columns(single.tree())


def test_a_stack_of_endless_depth_is_cut_at_its_leaf() -> None:
    stacks = RootedStacks()
    frame = stacks.number(Frame("a"))
    root = stacks.root([frame] * (DEEPEST - 10))
    stacks.add([frame] * 100_000, 1.0, root)
    stacks.add([frame] * 100_000, 1.0)
    tree = stacks.tree()
    assert (len(tree.parent), tree.weight[-1]) == (DEEPEST + 1, 2.0)
    assert len(stacks.tree().parent) == DEEPEST + 1


def test_a_tree_of_nothing_is_its_root() -> None:
    tree = RootedStacks().tree()
    assert (len(tree.parent), tree.weight.tolist()) == (1, [0.0])
