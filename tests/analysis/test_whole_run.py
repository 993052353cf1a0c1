from __future__ import annotations

import math

import pytest

from perfbench.analysis.comparison import compare
from perfbench.analysis.whole_run import beside_the_rest
from perfbench.model import Comparison, Measurement, Summary
from tests.analysis.samples import ENVIRONMENT, TIME, comparison, row, seeded


def stored(centre: float, name: str) -> Measurement:
    """A summary as asv stores it, with bounds of half a percent."""
    found = Summary(
        median=centre,
        low=0.995 * centre,
        high=1.005 * centre,
        q25=0.998 * centre,
        q75=1.002 * centre,
        count=10,
    )
    return Measurement(row(name), TIME, (), ENVIRONMENT, "test", found)


def run(moves: list[float]) -> list[Comparison]:
    names = [f"module.time_{place}" for place in range(len(moves))]
    return [
        compare(stored(0.001, name), stored(0.001 * move, name))
        for name, move in zip(names, moves, strict=True)
    ]


def scattered(count: int, whole: float, spread: float) -> list[float]:
    generator = seeded(4)
    return [whole * math.exp(generator.gauss(0.0, spread)) for _ in range(count)]


def test_a_run_on_a_slower_machine_moves_no_row_beside_the_rest() -> None:
    found = beside_the_rest(run(scattered(40, 1.3, 0.01)))
    assert all(one.low < 1.01 for one in found)
    assert "+30" in found[0].warnings[-1]


def test_a_row_that_is_slower_than_the_rest_stands_out() -> None:
    rows = run([*scattered(40, 1.3, 0.01), 1.3 * 1.1])
    assert rows[-1].low / 1.3 < 1.01
    assert beside_the_rest(rows)[-1].ratio == pytest.approx(1.1, abs=0.01)
    assert beside_the_rest(rows)[-1].low > 1.05


def test_a_run_that_scatters_claims_less() -> None:
    calm, wild = (beside_the_rest(run(scattered(40, 1.0, spread))) for spread in (0.01, 0.1))
    assert wild[0].high / wild[0].low > calm[0].high / calm[0].low > 1.02


def test_heavy_tails_count_though_the_middle_is_calm() -> None:
    moves = [1.0] * 34 + [1.3, 0.75, 1.2, 0.8, 1.25, 0.7]
    assert all(one.low < 1.01 for one in beside_the_rest(run(moves)))


def test_few_rows_stay_as_they_are() -> None:
    rows = run([1.3] * 7)
    assert beside_the_rest(rows) == rows


def test_rows_with_samples_stay_as_they_are() -> None:
    rows = [*run([1.0] * 10), comparison(1.2)]
    assert beside_the_rest(rows)[-1] is rows[-1]
    assert beside_the_rest([]) == []
