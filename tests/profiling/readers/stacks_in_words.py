"""Call trees as words: what the tests of readers compare."""

from __future__ import annotations

from collections import defaultdict

from perfbench.profiling.call_tree import CallTree


def stacks_of(tree: CallTree) -> dict[tuple[str, ...], float]:
    """Every stack that has a weight of its own, its frames as they are shown, and the weight."""
    names: list[tuple[str, ...]] = [()] * len(tree.parent)
    found: dict[tuple[str, ...], float] = defaultdict(float)
    for node in range(len(tree.parent)):
        if node:
            assert tree.parent[node] < node
            names[node] = (*names[tree.parent[node]], str(tree.frames[tree.frame[node]]))
        if tree.weight[node]:
            found[names[node]] += float(tree.weight[node])
    return dict(found)
