"""What of call trees is drawn: the largest nodes of one, or of two that are laid over one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from perfbench.model_profile import ROOT, DifferentialGraph, FlameGraph, Frame, MovedFrame
from perfbench.profiling.call_tree import CallTree, functions, largest, overlaid, renamed

if TYPE_CHECKING:
    from perfbench.profiling.call_tree import Floats, Ints

MOST_NODES = 50_000
"""What a browser draws at once without a pause. The smallest of so many is far less than a pixel wide."""

MOST_FRAMES = 200


def flame_graph(
    tree: CallTree,
    *,
    title: str,
    unit: str,
    notes: Sequence[str] = (),
    most_nodes: int = MOST_NODES,
    most_functions: int = MOST_FRAMES,
) -> FlameGraph:
    """The largest nodes of a tree, and the frames that take most."""
    total = tree.total()
    shown, left_out = largest(total, most_nodes)
    frames, parent, frame = _renumbered(tree, shown)
    return FlameGraph(
        title=title,
        unit=unit,
        frames=frames,
        parent=parent,
        frame=frame,
        total=total[shown].tolist(),
        left_out=left_out,
        notes=tuple(notes),
        functions=tuple(functions(tree)[:most_functions]),
    )


def differential_graph(
    base: CallTree,
    head: CallTree,
    *,
    title: str,
    unit: str,
    base_title: str,
    head_title: str,
    normalised: str,
    notes: Sequence[str] = (),
    most_nodes: int = MOST_NODES,
    most_moved: int = MOST_FRAMES,
) -> DifferentialGraph:
    """Two trees laid over one another, function by function: lines move whenever a file is edited.

    The nodes that are largest on either side are kept. Weights are those of the trees as given; `normalised` says
    in words what they were divided by.
    """
    both, (left, right) = overlaid([renamed(base, _without_line), renamed(head, _without_line)])
    base_total, head_total = both.total(left), both.total(right)
    shown, left_out = largest(_larger(base_total, head_total), most_nodes)
    frames, parent, frame = _renumbered(both, shown)
    return DifferentialGraph(
        title=title,
        unit=unit,
        base_title=base_title,
        head_title=head_title,
        frames=frames,
        parent=parent,
        frame=frame,
        base=base_total[shown].tolist(),
        head=head_total[shown].tolist(),
        normalised=normalised,
        moved=tuple(_moved(both, left, right)[:most_moved]),
        left_out=left_out,
        notes=tuple(notes),
    )


def as_shares(tree: CallTree) -> CallTree:
    """The tree with weights that are shares of all, which is then 1; one without weight as it is."""
    whole = float(tree.weight.sum())
    return tree.scaled(1 / whole) if whole > 0 else tree


def _moved(both: CallTree, left: Floats, right: Floats) -> list[MovedFrame]:
    """The frames that take another weight on one side than on the other, those that moved most by themselves first."""
    heads = {share.frame: share for share in functions(both, right)}
    moved = [
        MovedFrame(share.frame, share.inclusive, other.inclusive, share.own, other.own)
        for share in functions(both, left)
        if (other := heads[share.frame]).inclusive != share.inclusive or other.own != share.own
    ]
    return sorted(
        moved, key=lambda frame: (-abs(frame.head_own - frame.base_own), -abs(frame.head - frame.base))
    )


def _without_line(frame: Frame) -> Frame:
    return replace(frame, line=0)


def _larger(one: Floats, other: Floats) -> Floats:
    import numpy as np  # noqa: PLC0415

    return np.maximum(one, other)


def _renumbered(tree: CallTree, shown: Ints) -> tuple[tuple[Frame, ...], list[int], list[int]]:
    """The frames of these nodes, and the nodes' parents and frames by their new numbers."""
    import numpy as np  # noqa: PLC0415

    used, frame = np.unique(tree.frame[shown[1:]], return_inverse=True)
    parent = np.searchsorted(shown, tree.parent[shown[1:]])
    frames = tuple(tree.frames[number] for number in used.tolist())
    return frames, [ROOT, *parent.tolist()], [ROOT, *frame.tolist()]
