"""Which frames a regression comes from: each stack's weight is blamed on the project's own code, base against head."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfbench.model import ExplainingFrame
from perfbench.model_profile import ROOT, Frame
from perfbench.profiling.call_tree import CallTree, levels, overlaid, renamed
from perfbench.units import format_percent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

NAMELESS = re.compile(r"(?:\.<locals>\.<\w+>)+$")
"""What a qualified name ends with in a comprehension, a generator expression or a lambda."""
UNQUALIFIED = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
"""What profilers that know no qualified names call them."""
MOST = 3
SURE = 2.5
"""Standard errors by which a frame has to have moved, where weights are counted samples."""
LEAST = 0.01
"""The share of base's cost below which head takes no more, where both are known by the clock."""
EXPLAINED = 1 / 3
"""The share of the change that the frames named must carry between them."""


@dataclass(frozen=True, slots=True)
class SideProfile:
    """One side: its tree, the calls that it covers, and what one sample weighs in it (0: exact, not sampled).

    `cost` is what a call took by the clock, where the tree samples all of that; it is surer than the samples' sum.
    """

    tree: CallTree
    calls: int
    per_sample: float
    cost: float | None = None

    def scaled(self) -> SideProfile:
        """The same side per call."""
        whole = float(self.tree.weight.sum())
        factor = 1 / self.calls if self.cost is None or not whole else self.cost / whole
        return SideProfile(self.tree.scaled(factor), 1, self.per_sample * factor, self.cost)


@dataclass(frozen=True, slots=True)
class Explained:
    """The frames, the largest share first, or the reason why there are none. `change` is per call, in the unit."""

    frames: tuple[ExplainingFrame, ...]
    reason: str
    change: float


def explain(base: SideProfile, head: SideProfile) -> Explained:
    """The at most three frames that head's surplus per call is blamed on.

    A stack's weight is blamed on its deepest frame of the project's own code; what an import costs, on the
    function that imports. Without any such frame the deepest one is blamed. A frame counts where it moved by more
    than sampling alone would move it.
    """
    import numpy as np  # noqa: PLC0415

    if not base.calls or not head.calls:
        return Explained((), "one side made no call under the profiler", 0.0)
    sides = [side.scaled() for side in (base, head)]
    both, weights = overlaid([_plainly_named(side.tree) for side in sides])
    blamed = _blamed(both)
    callers = _callers(both, blamed)
    size = len(both.frames)
    there = blamed >= 0
    costs = [np.bincount(blamed[there], weight[there], minlength=size) for weight in weights]
    change = costs[1] - costs[0]
    whole = float(change.sum())
    variance = sum(cost * side.per_sample for cost, side in zip(costs, sides, strict=True))
    error = np.sqrt(variance)
    least = (
        LEAST * float(costs[0].sum()) if head.cost is not None else SURE * math.sqrt(float(np.sum(variance)))
    )
    if whole <= least:
        return Explained((), "under the profiler head takes no more than base", whole)
    certain = np.flatnonzero((change > SURE * error) & (change > 0))
    order = certain[np.argsort(-change[certain])][:MOST]
    share = float(change[order].sum()) / whole
    if share < EXPLAINED:
        return Explained(
            (), f"it is spread over many frames; the largest three carry {format_percent(share)} of it", whole
        )
    moved = weights[1] - weights[0]
    frames = tuple(
        ExplainingFrame(
            both.frames[at].function,
            both.frames[at].file,
            min(1.0, float(change[at]) / whole),
            _caller(both.frames, callers[blamed == at], moved[blamed == at]),
        )
        for at in order.tolist()
    )
    return Explained(frames, "", whole)


def _plainly_named(tree: CallTree) -> CallTree:
    """Functions without their lines; a comprehension or a lambda is its function's."""

    def plain(frame: Frame) -> Frame | None:
        if frame.function in UNQUALIFIED:
            return None  # its caller is the function that it stands in
        return Frame(NAMELESS.sub("", frame.function), frame.file, own=frame.own)

    return renamed(tree, plain)


def _blamed(tree: CallTree) -> Ints:
    """The frame that each node's own weight is blamed on; ROOT for the root's."""
    import numpy as np  # noqa: PLC0415

    own = np.array([frame.own for frame in tree.frames] or [False])
    imports = np.array(["importlib._bootstrap" in frame.file for frame in tree.frames] or [False])
    found = np.full(len(tree.parent), ROOT)
    of_project = np.zeros(len(tree.parent), bool)
    importing = np.zeros(len(tree.parent), bool)
    for nodes in levels(tree.depth)[1:]:
        above, frame = tree.parent[nodes], tree.frame[nodes]
        importing[nodes] = importing[above] | (imports[frame] & of_project[above])
        here = own[frame] & ~importing[nodes]
        of_project[nodes] = here | of_project[above]
        found[nodes] = np.where(here | ~of_project[above], frame, found[above])
    return found


def _callers(tree: CallTree, blamed: Ints) -> Ints:
    """The frame blamed next above the one that a node is blamed on; ROOT where there is none."""
    import numpy as np  # noqa: PLC0415

    found = np.full(len(tree.parent), ROOT)
    for nodes in levels(tree.depth)[1:]:
        above = tree.parent[nodes]
        found[nodes] = np.where(blamed[nodes] == blamed[above], found[above], blamed[above])
    return found


def _caller(frames: Sequence[Frame], callers: Ints, moved: Floats) -> str:
    """The caller through which most of the change came, as text; empty where there is none."""
    import numpy as np  # noqa: PLC0415

    there = callers >= 0
    if not there.any():
        return ""
    sums = np.bincount(callers[there], moved[there])
    return str(frames[int(sums.argmax())])
