from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.comparison import compare
from perfbench.analysis.evidence import p_above, p_below
from tests.analysis.samples import comparison, measurement, noisy_rounds, seeded

LIMITS = st.floats(0.0, 0.3)


@given(LIMITS, LIMITS)
def test_a_wider_limit_is_never_surer_to_be_exceeded(one: float, other: float) -> None:
    narrow, wide = sorted((one, other))
    base, head = noisy_rounds(seeded(5), rounds=12, ratio=1.1)
    apart = measurement([run.values for run in head.runs], started=1.8e9)
    for row in (compare(base, head), compare(base, apart), comparison(1.1, 1.05, 1.15)):
        assert p_above(row, narrow) <= p_above(row, wide)


@given(LIMITS)
def test_sides_swapped_it_is_the_other_direction(limit: float) -> None:
    base, head = noisy_rounds(seeded(6), rounds=9, ratio=1.08)
    assert p_above(compare(base, head), limit) == pytest.approx(p_below(compare(head, base), limit), abs=0.02)


def test_it_is_sure_exactly_where_the_interval_lies_beyond_the_limit() -> None:
    base, head = noisy_rounds(seeded(7), rounds=15, ratio=1.05)
    row = compare(base, head)
    assert p_above(row, row.low - 1.0 - 1e-9) <= 0.025
    assert p_above(row, row.low - 1.0 + 1e-3) > 0.02


def test_an_exact_change_is_sure_and_no_change_is_not() -> None:
    assert p_above(comparison(1.2, 1.2, 1.2), 0.05) == 0.0
    assert p_above(comparison(1.2, 1.2, 1.2), 0.3) == 1.0
    assert p_above(comparison(math.inf, math.inf, math.inf, base=0.0), 0.05) == 0.0


def test_without_evidence_the_interval_speaks() -> None:
    assert p_above(comparison(1.1, 1.02, 1.19, confidence=0.95), 0.02) == pytest.approx(0.025, abs=1e-3)
    assert p_above(comparison(1.1, 0.0, math.inf), 0.02) == 1.0


def test_without_a_ratio_there_is_no_p() -> None:
    nothing = comparison(math.nan, math.nan, math.nan)
    assert math.isnan(p_above(nothing, 0.05))
    assert math.isnan(p_below(nothing, 0.05))
