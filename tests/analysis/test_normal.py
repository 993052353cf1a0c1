from __future__ import annotations

import math

import pytest

from perfbench.analysis.normal import normal_quantile


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 0.0), (0.75, 0.67449), (0.975, 1.95996), (0.025, -1.95996)]
)
def test_a_quantile_is_that_of_the_tables(share: float, expected: float) -> None:
    assert math.isclose(normal_quantile(share), expected, abs_tol=1e-5)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5])
def test_a_share_that_no_value_has_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="p must be"):
        normal_quantile(share)
