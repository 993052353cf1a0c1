"""How far apart two identical things look on this machine."""

from __future__ import annotations

import math
from collections.abc import Sequence

from perfbench.model import Comparison


def noise_floor(control: Sequence[Comparison]) -> float:
    """The relative change (0.008 is 0.8 %) that fixed work, identical on both sides, cannot exclude.

    It is the furthest bound of the controls' intervals from 1, in either direction: whatever moved them
    was not the code. Controls that make no claim are left out; without any the floor is 0.
    """
    bounds = [bound for row in control for bound in (row.low, row.high) if 0 < bound < math.inf]
    return max((max(bound, 1.0 / bound) - 1.0 for bound in bounds), default=0.0)
