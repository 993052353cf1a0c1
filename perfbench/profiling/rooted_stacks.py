"""Collects stacks that share their roots: a root is kept once, and a stack keeps only the frames that lie below.

So a million stacks take a tenth of the memory, and of the time in which a tree is made of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from perfbench.model_profile import ROOT
from perfbench.profiling.call_tree import DEEPEST, CallTree, StackCollector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from perfbench.profiling.call_tree import Floats, Ints

NO_ROOT = 0
"""The root of stacks that are given whole."""


class RootedStacks(StackCollector):
    """A collector of stacks that knows shared roots by their numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._root_flat = array("i")
        self._root_lengths = array("i", [0])
        self._roots = array("i")
        """The root of each stack."""

    def root(self, numbers: Sequence[int]) -> int:
        """The number of a root, whose frames these are. It may be given again, which costs memory alone."""
        self._root_flat.extend(numbers[:DEEPEST])
        self._root_lengths.append(min(len(numbers), DEEPEST))
        return len(self._root_lengths) - 1

    def add(self, numbers: Sequence[int], weight: float, root: int = NO_ROOT) -> None:
        """Take one stack, from where it leaves its root on."""
        super().add(numbers, weight)
        self._roots.append(root)

    def add_below(self, numbers: NDArray[np.int32], weights: Floats, roots: Sequence[int]) -> None:
        """Take as many stacks as rows of `numbers`: the last frames of each, which stand below its root."""
        count, width = numbers.shape
        self._flat.frombytes(numbers.tobytes())
        self._lengths.extend([width] * count)
        self._weights.frombytes(weights.tobytes())
        self._roots.extend(roots)

    def tree(self) -> CallTree:
        """The tree of all stacks so far."""
        import numpy as np  # noqa: PLC0415

        parents, frames, node = self._nodes()
        counts = [len(level) for level in parents]
        weight = np.bincount(node, np.array(self._weights), minlength=sum(counts))
        return CallTree(
            tuple(self.frames),
            np.concatenate(parents, dtype=np.int64),
            np.concatenate(frames, dtype=np.int64),
            np.repeat(np.arange(len(counts)), counts),
            weight.astype(np.float64, copy=False),
        )

    def _nodes(self) -> tuple[list[NDArray[np.int32]], list[NDArray[np.int32]], Ints]:
        """Parents and frames of the nodes of each depth, and the node at which each stack ends."""
        import numpy as np  # noqa: PLC0415

        width = max(len(self.frames), 1)
        roots = _Walk(self._root_flat, self._root_lengths)
        stacks = _Walk(self._flat, self._lengths)
        root_of = np.array(self._roots, np.int64)
        leaving = roots.lengths[root_of]
        order = np.argsort(leaving, kind="stable")
        # Stacks that leave their roots at one depth stand together.
        by_depth = np.split(order, np.cumsum(np.bincount(leaving, minlength=1))[:-1])
        parents, frames = [np.array([ROOT], np.int32)], [np.array([ROOT], np.int32)]
        size = 1
        roots.begin(np.arange(len(roots.lengths)), 0)
        for depth in range(DEEPEST + 1):
            if depth < len(by_depth):
                stacks.begin(by_depth[depth], roots.node[root_of[by_depth[depth]]])
            above, below = roots.keys(width), stacks.keys(width)
            if depth == DEEPEST or not (above.size or below.size):
                break
            unique, place = np.unique(np.concatenate([above, below]), return_inverse=True)
            parents.append((unique // width).astype(np.int32))
            frames.append((unique % width).astype(np.int32))
            roots.step(size + place[: above.size])
            stacks.step(size + place[above.size :])
            size += len(unique)
        return parents, frames, stacks.node


class _Walk:
    """Many lists of frames, each followed down a tree from the node at which it begins."""

    def __init__(self, flat: array[int], lengths: array[int]) -> None:
        import numpy as np  # noqa: PLC0415

        self._flat = np.array(flat, np.int32)
        self.lengths = np.array(lengths, np.int64)
        self._ends = np.cumsum(self.lengths)
        self._at = self._ends - self.lengths
        self.node = np.zeros(len(lengths), np.int64)
        """Where each list has come to."""
        self._alive = np.zeros(0, np.int64)

    def begin(self, lists: Ints, nodes: Any) -> None:
        """Let these lists begin at these nodes."""
        import numpy as np  # noqa: PLC0415

        self.node[lists] = nodes
        self._alive = np.concatenate([self._alive, lists[self.lengths[lists] > 0]])

    def keys(self, width: int) -> Ints:
        """A number for the node and the next frame of each list that goes on."""
        alive = self._alive
        found: Ints = self.node[alive] * width + self._flat[self._at[alive]]
        return found

    def step(self, nodes: Ints) -> None:
        """Move on to these nodes."""
        alive = self._alive
        self.node[alive] = nodes
        self._at[alive] += 1
        self._alive = alive[self._at[alive] < self._ends[alive]]
