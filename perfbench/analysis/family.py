"""Many rows judged together: the chance of even one wrong name, held over the whole family."""

from __future__ import annotations

import math
from collections.abc import Sequence


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p, in the order given: Holm (1979, Scandinavian Journal of Statistics 6, 65–70).

    Rejecting where the adjusted p is at most α holds the chance of one or more wrong rejections to α,
    however the tests depend on one another. NaN is no test: it stays NaN and does not count.
    """
    tested = sorted((number, place) for place, number in enumerate(p) if not math.isnan(number))
    adjusted = [math.nan] * len(p)
    highest = 0.0
    for done, (number, place) in enumerate(tested):
        highest = max(highest, min(1.0, number * (len(tested) - done)))
        adjusted[place] = highest
    return adjusted
