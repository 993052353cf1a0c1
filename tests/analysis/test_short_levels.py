from __future__ import annotations

import numpy as np
import pytest

from perfbench.analysis.short_levels import difference_chance, largest_step, student_tail


@pytest.mark.parametrize(
    ("t", "degrees", "p"),
    # Two-sided points of Student's t, from the tables (Abramowitz & Stegun 26.10).
    [
        (12.706, 1, 0.05),
        (4.303, 2, 0.05),
        (2.776, 4, 0.05),
        (3.707, 6, 0.01),
        (2.228, 10, 0.05),
        (3.659, 29, 0.001),
    ],
)
def test_the_tail_is_that_of_the_tables(t: float, degrees: int, p: float) -> None:
    assert student_tail(t, degrees) == pytest.approx(p, rel=2e-3)


def test_a_clear_step_in_a_few_points_is_no_chance() -> None:
    window = np.array([2.02, 2.03, 2.01, 2.04, 1.82, 1.85, 1.79, 1.81, 1.8, 1.76, 1.78])
    assert largest_step(window) == 4
    assert difference_chance(window, 4) < 1e-3
    assert difference_chance(window, 2) == 1.0, "two points are no level"


def test_a_drift_is_no_step() -> None:
    assert difference_chance(np.linspace(1.0, 2.0, 12), 6) == 1.0


def test_neighbours_that_resemble_each_other_make_a_step_less_sure() -> None:
    window = np.array([1.0, 1.1, 0.9, 1.0, 1.3, 1.2, 1.4, 1.3])
    assert difference_chance(window, 4, 0.5) > difference_chance(window, 4)


def test_values_that_repeat_to_the_last_digit_can_be_told_apart() -> None:
    assert difference_chance(np.array([5.0] * 4 + [6.0] * 4), 4) < 1e-6
    assert difference_chance(np.zeros(8), 4) == 1.0
