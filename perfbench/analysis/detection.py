"""Change points of a list of numbers, without a benchmark, a file or a repository around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfbench.errors import UsageError
from perfbench.model import Better

if TYPE_CHECKING:
    from perfbench.model_history import Change, Floats

    Values = Sequence[float | None] | Floats


def detect(
    y: Values,
    low: Values | None = None,
    high: Values | None = None,
    *,
    better: str = Better.LOWER,
) -> tuple[Change, ...]:
    """Where the level of `y` changes, in order; an `int` of a change is the index of the new level's first point.

    `low` and `high` bound each value: a point with wide bounds counts less. None and what is not finite are passed
    over. `better` is `lower`, `higher` or `none`, and tells a regression from an improvement. Raises UsageError for
    another word, and for bounds that are not as many as the values.
    """
    from perfbench.analysis.changepoints import changes_of  # noqa: PLC0415  (with it comes NumPy)

    words = [each.value for each in Better]
    if better not in words:
        raise UsageError(f"'better' is {better!r}", f"write {', '.join(words[:-1])} or {words[-1]}")
    for name, bounds in (("low", low), ("high", high)):
        if bounds is not None and len(bounds) != len(y):
            raise UsageError(f"'{name}' has {len(bounds)} values and 'y' {len(y)}", "give one for each")
    return changes_of(y, low, high, Better(better))
