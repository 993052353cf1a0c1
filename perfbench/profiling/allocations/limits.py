"""Limits of what a block may allocate, and the sentence for one that breaks them."""

from __future__ import annotations

from dataclasses import dataclass

from perfbench.errors import RegressedError
from perfbench.profiling.allocations.places import as_bytes
from perfbench.profiling.allocations.tracked import Allocations
from perfbench.units import BYTES, format_value


class AllocationLimitError(RegressedError):
    """Code allocated more than it may."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most bytes that a block may hold at its end more than at its start (`growth`), and at any time (`peak`).

    Sizes are bytes or written as `"10 KiB"`; None is no limit. `growth` is held against the lines that the filters
    keep, so that an import within the block does not break it; a peak cannot be told by lines. Raises UsageError
    for a size that is none.
    """

    growth: float | str | None = None
    peak: float | str | None = None

    def __post_init__(self) -> None:
        for name in ("growth", "peak"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, as_bytes(value, f"the limit of {name}"))

    def broken_by(self, found: Allocations) -> str | None:
        """What is above its limit, and the lines that hold most; None where nothing is."""
        sizes = (("growth", self.growth, found.difference.bytes), ("peak", self.peak, found.peak))
        over = [
            f"{name} of {format_value(size, BYTES)} is above the limit of {format_value(float(limit), BYTES)}"
            for name, limit, size in sizes
            if limit is not None and size > float(limit)
        ]
        return "\n".join([" and ".join(over), *found.difference.rows()]) if over else None
