from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.shapes import LEAST_VALUES, far_out, shape_warnings, two_modes
from tests.analysis.samples import seeded


def modes(count: int, *, apart: float, share: float = 0.4) -> list[float]:
    """Two normal modes of standard deviation 0.01, `apart` of them apart."""
    generator = seeded(count)
    return [
        0.01 * (generator.gauss(0, 1) + (apart if place < share * count else 0.0)) for place in range(count)
    ]


def test_two_modes_are_told_with_their_distance_and_share() -> None:
    (warning,) = shape_warnings("head", modes(60, apart=12))
    assert warning.startswith("head has two modes, 12 % apart, 40 % of it in the slower or greater:")


def test_outliers_are_no_mode() -> None:
    assert two_modes(sorted(modes(60, apart=12, share=0.1))) is None


def test_heavy_tails_are_told() -> None:
    generator = seeded(3)
    pareto = [math.log(generator.paretovariate(1.5)) for _ in range(300)]
    (warning,) = shape_warnings("base", pareto)
    assert "heavy tails" in warning


def test_outliers_that_matter_to_nobody_are_not_told() -> None:
    close = [0.0001 * place for place in range(36)] + [0.04] * 4
    assert shape_warnings("base", close) == ()
    assert shape_warnings("base", [0.0001 * place for place in range(36)] + [0.06] * 4)
    assert shape_warnings("base", [0.0] * 20 + [0.005] * 20) == ()


def test_few_values_have_no_shape() -> None:
    assert shape_warnings("head", modes(LEAST_VALUES - 1, apart=50)) == ()


@pytest.mark.parametrize("count", [20, 60, 200])
@pytest.mark.parametrize("shape", ["uniform", "normal"])
def test_one_plain_mode_is_seldom_warned_of(count: int, shape: str) -> None:
    generator = seeded(f"{count} {shape}")
    draw = generator.random if shape == "uniform" else lambda: generator.gauss(0, 1)
    warned = sum(bool(shape_warnings("head", [0.1 * draw() for _ in range(count)])) for _ in range(500))
    assert warned / 500 <= 0.01 + 4 * math.sqrt(0.01 * 0.99 / 500)


@given(st.lists(st.floats(-700, 700), max_size=60), st.floats(-100, 100))
def test_a_shape_depends_on_neither_place_nor_order(values: list[float], shift: float) -> None:
    assert shape_warnings("head", values) == shape_warnings("head", values[::-1])
    assert len(shape_warnings("head", [value + shift for value in values])) <= 1


def test_constants_have_no_shape() -> None:
    assert shape_warnings("head", [1.0] * 50) == ()
    assert far_out([1.0] * 49 + [2.0]) == 0.0


def test_two_exact_values_are_two_modes() -> None:
    assert two_modes([0.0] * 30 + [1.0] * 30) == (0.5, 1.0)


def test_very_many_values_are_looked_at_in_part() -> None:
    assert shape_warnings("head", modes(100_000, apart=12, share=0.5))
