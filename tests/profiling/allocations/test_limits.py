"""Limits of what a block may allocate."""

from __future__ import annotations

import pytest

from perfbench.errors import UsageError
from perfbench.profiling.allocations import Allocations, Comparison, Filters, Limits
from perfbench.profiling.allocations.comparison import compared


def held(size: int, peak: int) -> Allocations:
    difference: Comparison = compared({}, {(("/a.py", 1),): (size, 1)}, "line", Filters())
    return Allocations(size, peak, difference)


def test_what_is_within_its_limits_breaks_none() -> None:
    assert Limits().broken_by(held(10**9, 10**9)) is None
    assert Limits("1 KiB", "2 KiB").broken_by(held(1024, 2048)) is None


def test_what_is_above_is_told_with_the_lines_that_hold_it() -> None:
    broken = Limits(growth="1 KiB").broken_by(held(2048, 2048))
    assert broken is not None
    assert broken.splitlines() == [
        "growth of 2 KiB is above the limit of 1 KiB",
        "  +2 KiB  +1 blocks  /a.py:1",
    ]
    both = Limits(0, 0).broken_by(held(2048, 4096))
    assert both is not None
    assert "growth of 2 KiB is above the limit of 0 B and peak of 4 KiB is above" in both


def test_a_limit_that_is_no_size_is_refused() -> None:
    with pytest.raises(UsageError, match="the limit of peak"):
        Limits(peak="much")
