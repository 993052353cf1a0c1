"""Builds a call tree node by node, for files that do not hold whole stacks."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from perfbench.model_profile import ROOT, Frame
from perfbench.profiling.call_tree import DEEPEST, CallTree


class NodeCollector:
    """Nodes by their numbers; 0 is the root."""

    def __init__(self) -> None:
        self._children: dict[tuple[int, int], int] = {}
        self._parents = array("q", [ROOT])
        self._own_frames = array("q", [ROOT])
        self._depths = array("q", [0])
        self.weights = array("d", [0.0])

    def __len__(self) -> int:
        return len(self._parents)

    def child(self, node: int, frame: int) -> int:
        """The node of a frame that `node` calls; `node` itself below DEEPEST."""
        depth = self._depths[node] + 1
        if depth > DEEPEST:
            return node
        found = self._children.setdefault((node, frame), len(self))
        if found == len(self):
            self._parents.append(node)
            self._own_frames.append(frame)
            self._depths.append(depth)
            self.weights.append(0.0)
        return found

    def tree(self, frames: Sequence[Frame]) -> CallTree:
        """The tree of all nodes so far, whose frames are numbers of these."""
        import numpy as np  # noqa: PLC0415

        parent, frame, depth = (
            np.array(column, np.int64) for column in (self._parents, self._own_frames, self._depths)
        )
        order = np.argsort(depth, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        above = np.where(parent[order] == ROOT, ROOT, place[parent[order]])
        return CallTree(tuple(frames), above, frame[order], depth[order], np.array(self.weights)[order])
