"""Call trees: many stacks merged from the root, kept as arrays so that a million stacks stay small."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfbench.model_profile import ROOT, Frame, FunctionShare

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

DEEPEST = 1024
"""A stack is cut after so many frames, from its root: what is deeper is a recursion, and its own cost its root's."""

DROPPED = -2
"""In place of a node's frame: the node goes, with all below it."""


@dataclass(frozen=True, slots=True, eq=False)
class CallTree:
    """Nodes in order of depth. Node 0 is the root: its parent and its frame are ROOT, its depth 0.

    `parent`, `frame` (indexes into `frames`) and `depth` are whole numbers for each node; `weight` is what its
    own body takes, without what it calls.
    """

    frames: tuple[Frame, ...]
    parent: Ints
    frame: Ints
    depth: Ints
    weight: Floats

    def total(self, weight: Floats | None = None) -> Floats:
        """The weight of each node with all below it."""
        return sums(self.parent, self.depth, self.weight if weight is None else weight)

    def scaled(self, factor: float) -> CallTree:
        """The same tree with all weights times `factor`."""
        return CallTree(self.frames, self.parent, self.frame, self.depth, self.weight * factor)


class StackCollector:
    """Takes stacks one by one and makes a tree of them; a frame is known by its number."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._numbers: dict[Frame, int] = {}
        self._flat = array("i")
        self._lengths = array("i")
        self._weights = array("d")

    def __len__(self) -> int:
        return len(self._lengths)

    def number(self, frame: Frame) -> int:
        """The number of a frame, which it gets on first sight."""
        found = self._numbers.setdefault(frame, len(self.frames))
        if found == len(self.frames):
            self.frames.append(frame)
        return found

    def add(self, numbers: Sequence[int], weight: float) -> None:
        """Take one stack, from its root on."""
        self._flat.extend(numbers[:DEEPEST])
        self._lengths.append(min(len(numbers), DEEPEST))
        self._weights.append(weight)

    def tree(self) -> CallTree:
        """The tree of all stacks so far."""
        import numpy as np  # noqa: PLC0415

        flat = np.frombuffer(self._flat, np.int32) if self._flat else np.zeros(0, np.int32)
        lengths = np.array(self._lengths, np.int64)
        weights = np.array(self._weights, np.float64)
        starts = np.cumsum(lengths) - lengths
        width = len(self.frames)
        parents, kept, node = [np.array([ROOT])], [np.array([ROOT])], np.zeros(len(lengths), np.int64)
        alive = np.flatnonzero(lengths > 0)
        size, depth = 1, 0
        depths = [np.array([0])]
        while alive.size:
            keys = node[alive] * width + flat[starts[alive] + depth]
            unique, place = np.unique(keys, return_inverse=True)
            parents.append(unique // width)
            kept.append(unique % width)
            depth += 1
            depths.append(np.full(len(unique), depth))
            node[alive] = size + place
            size += len(unique)
            alive = alive[lengths[alive] > depth]
        weight = np.bincount(node, weights, minlength=size)
        parent, frame, level = (np.concatenate(part).astype(np.int64) for part in (parents, kept, depths))
        return CallTree(tuple(self.frames), parent, frame, level, weight.astype(np.float64))


def regrouped(tree: CallTree, frames: Sequence[Frame], node_frame: Ints) -> CallTree:
    """The tree with another frame for each node, merged anew.

    `node_frame` indexes `frames`; where it is ROOT a node dissolves into its parent, where it is DROPPED
    it goes with all below it.
    """
    import numpy as np  # noqa: PLC0415

    parent, frame, depth, place = _regrouped(tree.parent, tree.depth, node_frame)
    there = place >= 0
    weight = np.bincount(place[there], tree.weight[there], minlength=len(parent)).astype(np.float64)
    return CallTree(tuple(frames), parent, frame, depth, weight)


def renamed(tree: CallTree, rename: Callable[[Frame], Frame | None]) -> CallTree:
    """The tree with every frame renamed and merged anew; a frame of which None becomes dissolves into its caller."""
    import numpy as np  # noqa: PLC0415

    numbers: dict[Frame, int] = {}
    table = np.array(
        [
            ROOT if (new := rename(old)) is None else numbers.setdefault(new, len(numbers))
            for old in tree.frames
        ]
        or [ROOT],
        np.int64,
    )
    node_frame = np.where(tree.frame == ROOT, ROOT, table[tree.frame])
    return regrouped(tree, tuple(numbers), node_frame)


def below(
    tree: CallTree,
    is_harness: Callable[[Frame], bool],
    is_entry: Callable[[Frame], bool],
    *,
    others: bool = False,
) -> CallTree:
    """What lies below the harness, where the last harness frame of a stack is an entry into what it measures.

    Set-up, waiting and the harness's own work go, and what called the harness. With `others`, stacks without any
    harness frame stay: those of other threads and processes.
    """
    import numpy as np  # noqa: PLC0415

    kind = np.array(
        [(2 if is_entry(frame) else 1) if is_harness(frame) else 0 for frame in tree.frames] or [0], np.int8
    )
    own = np.where(tree.frame == ROOT, 0, kind[tree.frame])
    last = own.copy()
    for nodes in levels(tree.depth)[1:]:
        last[nodes] = np.where(own[nodes] == 0, last[tree.parent[nodes]], own[nodes])
    inside = (last == 2) & (own == 0)
    if others:
        inside |= (last == 0) & (sums(tree.parent, tree.depth, (own > 0).astype(np.float64)) == 0)
    measured = CallTree(tree.frames, tree.parent, tree.frame, tree.depth, np.where(inside, tree.weight, 0.0))
    return lean(regrouped(measured, tree.frames, np.where(inside, tree.frame, ROOT)))


def lean(tree: CallTree) -> CallTree:
    """The tree without nodes that weigh nothing, and without frames that no node has."""
    import numpy as np  # noqa: PLC0415

    node_frame = np.where(tree.total() > 0, tree.frame, DROPPED)
    node_frame[0] = ROOT
    used = np.unique(node_frame[node_frame >= 0])
    table = np.zeros(len(tree.frames) + 1, np.int64)
    table[used] = np.arange(len(used))
    kept = np.where(node_frame >= 0, table[node_frame], node_frame)
    return regrouped(tree, [tree.frames[at] for at in used.tolist()], kept)


def overlaid(trees: Sequence[CallTree]) -> tuple[CallTree, list[Floats]]:
    """The trees laid over one another, and each one's own weights of the nodes; the tree's are their sums."""
    import numpy as np  # noqa: PLC0415

    numbers: dict[Frame, int] = {}
    parents, frames, depths, origin, weights = [], [], [], [], []
    offset = 0
    for which, tree in enumerate(trees):
        table = np.array([numbers.setdefault(one, len(numbers)) for one in tree.frames] or [ROOT], np.int64)
        parents.append(np.where(tree.parent == ROOT, ROOT, tree.parent + offset))
        frames.append(np.where(tree.frame == ROOT, ROOT, table[tree.frame]))
        depths.append(tree.depth)
        weights.append(tree.weight)
        origin.append(np.full(len(tree.parent), which))
        offset += len(tree.parent)
    joined = [np.concatenate(part) for part in (parents, depths, frames)]
    parent, frame, depth, place = _regrouped(*joined)
    own, source = np.concatenate(weights), np.concatenate(origin)
    sides = [
        np.bincount(place[source == which], own[source == which], minlength=len(parent)).astype(np.float64)
        for which in range(len(trees))
    ]
    return CallTree(tuple(numbers), parent, frame, depth, np.sum(sides, axis=0)), sides


def functions(tree: CallTree, weight: Floats | None = None) -> list[FunctionShare]:
    """What each frame takes, the one that takes most in its own body first. Recursion counts once."""
    import numpy as np  # noqa: PLC0415

    weight = tree.weight if weight is None else weight
    total = tree.total(weight)
    nodes = np.flatnonzero((tree.frame != ROOT) & ~_repeated(tree))
    size = len(tree.frames)
    inclusive = np.bincount(tree.frame[nodes], total[nodes], minlength=size)
    own = np.bincount(tree.frame[1:], weight[1:], minlength=size)
    order = np.lexsort((-inclusive, -own))
    return [FunctionShare(tree.frames[at], float(inclusive[at]), float(own[at])) for at in order.tolist()]


def largest(total: Floats, most: int) -> tuple[Ints, int]:
    """The numbers of the at most `most` nodes with the largest total, parents first, and how many are left out."""
    import numpy as np  # noqa: PLC0415

    shown = np.flatnonzero(total > 0)
    shown = shown[shown != 0]
    if len(shown) > most - 1:
        # Parents stand before their children and weigh at least as much, so a stable order keeps them together.
        shown = np.sort(shown[np.argsort(-total[shown], kind="stable")[: most - 1]])
    left_out = int((total > 0).sum()) - len(shown) - int(total[0] > 0)
    return np.concatenate([np.zeros(1, np.int64), shown]), left_out


def levels(depth: Ints) -> list[Any]:
    """The nodes of each depth; depths need not be in order."""
    import numpy as np  # noqa: PLC0415

    order = np.argsort(depth, kind="stable")
    return np.split(order, np.cumsum(np.bincount(depth))[:-1])


def sums(parent: Ints, depth: Ints, weight: Floats) -> Floats:
    """Each node's weight with all below it."""
    import numpy as np  # noqa: PLC0415

    total = weight.astype(np.float64)
    for nodes in reversed(levels(depth)[1:]):
        np.add.at(total, parent[nodes], total[nodes])
    return total


def _repeated(tree: CallTree) -> NDArray[np.bool_]:
    """Whether a node lies below another one of the same frame.

    Each node is the span of itself and all below it in preorder, so that one lies below another where its span ends
    no later than that of one that begins before it.
    """
    import numpy as np  # noqa: PLC0415

    size = len(tree.parent)
    span = sums(tree.parent, tree.depth, np.ones(size)).astype(np.int64)
    begin = np.zeros(size, np.int64)
    for nodes in levels(tree.depth)[1:]:
        ordered = nodes[np.argsort(tree.parent[nodes], kind="stable")]
        above = tree.parent[ordered]
        before = np.cumsum(span[ordered]) - span[ordered]
        first = np.searchsorted(above, above)
        begin[ordered] = begin[above] + 1 + before - before[first]
    order = np.argsort(tree.frame * size + begin)
    # Frames stand one after the other, and no span of one reaches as far as the next one's.
    end = tree.frame[order] * size + begin[order] + span[order]
    found = np.zeros(size, bool)
    found[order[1:]] = np.maximum.accumulate(end)[:-1] >= end[1:]
    return found


def _regrouped(parent: Ints, depth: Ints, node_frame: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Parents, frames and depths of the merged nodes, and where each old node went (DROPPED: nowhere)."""
    import numpy as np  # noqa: PLC0415

    anchor = np.arange(len(parent))
    new_depth = np.zeros(len(parent), np.int64)
    gone = node_frame == DROPPED
    for nodes in levels(depth)[1:]:
        above = parent[nodes]
        gone[nodes] |= gone[above]
        kept = node_frame[nodes] != ROOT
        anchor[nodes] = np.where(kept, nodes, anchor[above])
        new_depth[nodes] = new_depth[above] + kept
    place = np.full(len(parent), DROPPED)
    place[(parent == ROOT) & ~gone] = 0
    width = int(node_frame.max(initial=0)) + 1
    parents, frames, depths = [np.array([ROOT])], [np.array([ROOT])], [np.array([0])]
    size = 1
    candidates = np.flatnonzero((anchor == np.arange(len(parent))) & ~gone & (parent != ROOT))
    for at, nodes in enumerate(levels(new_depth[candidates])[1:], start=1):
        here = candidates[nodes]
        keys = place[anchor[parent[here]]] * width + node_frame[here]
        unique, inverse = np.unique(keys, return_inverse=True)
        parents.append(unique // width)
        frames.append(unique % width)
        depths.append(np.full(len(unique), at))
        place[here] = size + inverse
        size += len(unique)
    place[~gone] = place[anchor[~gone]]
    merged = (np.concatenate(part).astype(np.int64) for part in (parents, frames, depths))
    return (*merged, place)  # type: ignore[return-value]
