from __future__ import annotations

import pytest

from perfbench.analysis.common_mode import LEAST_ROWS, common_mode
from perfbench.model import Comparison
from tests.analysis.samples import RATE, SIZE, comparison


def moved(count: int, ratio: float = 1.07, **fields: object) -> list[Comparison]:
    return [comparison(ratio + 0.001 * place, ratio - 0.02, ratio + 0.03, **fields) for place in range(count)]


def test_rows_that_moved_alike_moved_together() -> None:
    found = common_mode(moved(LEAST_ROWS))
    assert found is not None
    assert found.ratio == pytest.approx(1.0735, abs=1e-3)
    assert found.rows == LEAST_ROWS


def test_a_few_rows_may_share_code() -> None:
    assert common_mode(moved(LEAST_ROWS - 1)) is None


def test_rows_that_stand_still_have_not_moved_together() -> None:
    assert common_mode(moved(9, 1.001)) is None


def test_rows_that_moved_by_different_amounts_have_not_moved_together() -> None:
    rows = [
        comparison(1 + 0.03 * place, 1 + 0.03 * place - 0.01, 1 + 0.03 * place + 0.01)
        for place in range(1, 12)
    ]
    assert common_mode(rows) is None


def test_one_row_in_ten_may_go_its_own_way() -> None:
    assert common_mode([*moved(9), comparison(1.0, 0.99, 1.01)]) is not None
    assert common_mode([*moved(8), comparison(1.0, 0.99, 1.01), comparison(0.9, 0.88, 0.92)]) is None


def test_rates_and_sizes_do_not_tell_how_fast_the_machine_was() -> None:
    assert common_mode(moved(20, metric=RATE)) is None
    assert common_mode(moved(20, metric=SIZE)) is None


def test_a_control_that_stood_still_knows_better() -> None:
    assert common_mode(moved(20), control=comparison(1.0, 0.99, 1.01)) is None
    assert common_mode(moved(20), control=comparison(1.07, 1.05, 1.09)) is not None
