"""Walks a call tree in the order of its stacks, for files that hold them one by one."""

from __future__ import annotations

from collections.abc import Iterator

from perfbench.profiling.call_tree import CallTree


def stacks_of(tree: CallTree) -> Iterator[tuple[list[int], float]]:
    """Each stack that has a weight of its own: its frames' numbers from the root on, and the weight.

    Stacks with the same root stand together, those of the heaviest roots first. The list is the caller's only until
    the next one.
    """
    import numpy as np  # noqa: PLC0415

    total = tree.total()
    # By parent, then the heaviest first; a node's children are a slice of that.
    order = np.lexsort((-total, tree.parent))
    bounds = np.searchsorted(tree.parent[order], np.arange(len(tree.parent) + 1)).tolist()
    children = order.tolist()
    frames, depths, weights, totals = (
        column.tolist() for column in (tree.frame, tree.depth, tree.weight, total)
    )
    stack: list[int] = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        if node:
            del stack[depths[node] - 1 :]
            stack.append(frames[node])
        if weights[node] > 0 and node:
            yield stack, weights[node]
        below = children[bounds[node] : bounds[node + 1]]
        waiting.extend(child for child in reversed(below) if totals[child] > 0)
