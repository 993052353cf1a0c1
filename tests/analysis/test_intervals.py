from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.intervals import (
    median,
    median_interval,
    quantile_interval,
    rank_sum_test,
    shift_interval,
    sign_test,
    values_needed,
)
from tests.analysis.samples import seeded

NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_subnormal=False)
LISTS = st.lists(NUMBERS, min_size=1, max_size=40)
TRIALS = 2000


@given(LISTS)
def test_the_median_is_that_of_the_standard_library(values: list[float]) -> None:
    assert median(values) == pytest.approx(statistics.median(values), abs=1e-6)


def test_nothing_has_no_median() -> None:
    with pytest.raises(ValueError, match="nothing"):
        median([])


@pytest.mark.parametrize(("count", "level"), [(1, 0.0), (5, 0.9375), (6, 0.96875), (7, 0.984375)])
def test_too_few_values_give_the_extremes_and_their_real_level(count: int, level: float) -> None:
    interval = median_interval(range(count), 0.99)
    assert (interval.low, interval.high) == (0, count - 1)
    assert interval.confidence == level


def test_the_interval_lies_between_the_order_statistics_whose_levels_enclose_the_one_asked() -> None:
    # 10 values: the extremes reach 99.8 %, the second ones 97.9 %.
    interval = median_interval(range(10), 0.99)
    assert 0 < interval.low < 1
    assert 8 < interval.high < 9
    assert interval.confidence == 0.99


def test_the_interpolation_is_that_of_hettmansperger_and_sheather() -> None:
    outer, inner = 1 - 2 / 1024, 1 - 2 * 11 / 1024
    share = (outer - 0.99) / (outer - inner)
    assert median_interval(range(10), 0.99).low == pytest.approx(9 * share / (1 + 8 * share))


@given(LISTS)
def test_the_interval_holds_its_median_and_stays_within_the_values(values: list[float]) -> None:
    interval = median_interval(values, 0.99)
    assert min(values) <= interval.low <= interval.estimate <= interval.high <= max(values)


@given(st.lists(NUMBERS, min_size=8, max_size=40))
def test_more_rounds_like_the_median_never_widen_the_interval(values: list[float]) -> None:
    before = median_interval(values, 0.99)
    after = median_interval([*values, before.estimate, before.estimate], 0.99)
    assert after.high - after.low <= (before.high - before.low) * (1 + 1e-9) + 1e-9


@given(LISTS)
def test_a_higher_level_is_never_narrower(values: list[float]) -> None:
    narrow, wide = median_interval(values, 0.9), median_interval(values, 0.99)
    assert wide.low <= narrow.low + 1e-9
    assert wide.high >= narrow.high - 1e-9


def _coverage(draw: Callable[[], float], count: int) -> float:
    """How often the interval of `count` draws holds 0, their true median."""
    intervals = (median_interval([draw() for _ in range(count)], 0.99) for _ in range(TRIALS))
    return sum(interval.low <= 0 <= interval.high for interval in intervals) / TRIALS


def _sampling_error(level: float) -> float:
    return 4 * math.sqrt(level * (1 - level) / TRIALS)


def _two_modes(generator: random.Random) -> float:
    return generator.choice((-1, 1)) + generator.gauss(0, 0.2)


@pytest.mark.parametrize("count", [8, 10, 20])
@pytest.mark.parametrize("shape", ["gauss", "cauchy", "skewed", "difference of two modes"])
def test_the_median_is_covered_as_often_as_the_level_says(count: int, shape: str) -> None:
    generator = seeded(f"{count} {shape}")
    shapes: dict[str, Callable[[], float]] = {
        "gauss": lambda: generator.gauss(0, 1),
        "cauchy": lambda: math.tan(math.pi * (generator.random() - 0.5)),
        "skewed": lambda: generator.expovariate(1.0) - math.log(2),
        "difference of two modes": lambda: _two_modes(generator) - _two_modes(generator),
    }
    assert _coverage(shapes[shape], count) >= 0.99 - _sampling_error(0.99)


@pytest.mark.parametrize(("count", "inner"), [(8, 1 - 18 / 256), (10, 1 - 22 / 1024)])
def test_a_gap_at_the_median_costs_no_more_than_the_level_of_the_inner_pair(count: int, inner: float) -> None:
    generator = seeded(count)
    assert _coverage(lambda: _two_modes(generator), count) >= inner - _sampling_error(inner)


def test_a_large_sample_has_an_interval_of_the_size_that_theory_says() -> None:
    interval = median_interval([i / 20_000 for i in range(20_000)], 0.99)
    assert interval.high - interval.low == pytest.approx(2.576 / math.sqrt(20_000), rel=0.02)


@given(LISTS, LISTS)
def test_the_shift_turns_round_with_its_sides(base: list[float], head: list[float]) -> None:
    there, back = shift_interval(base, head, 0.99), shift_interval(head, base, 0.99)
    assert back.estimate == pytest.approx(-there.estimate)
    assert (back.low, back.high) == (-there.high, -there.low)


@pytest.mark.parametrize(("base", "head", "level"), [(3, 3, 0.9), (4, 4, 1 - 2 / 70), (5, 5, 1 - 2 / 252)])
def test_few_runs_give_the_extreme_differences_and_their_real_level(
    base: int, head: int, level: float
) -> None:
    interval = shift_interval(range(base), range(100, 100 + head), 0.995)
    assert (interval.low, interval.high) == (100 - base + 1, 100 + head - 1)
    assert interval.confidence == pytest.approx(level)


@pytest.mark.parametrize(("few", "many"), [(3, 4), (4, 4), (5, 3)])
def test_the_rank_sum_test_is_the_count_of_all_orderings(few: int, many: int) -> None:
    ranks = range(few + many)
    statistics_of_all = []
    for chosen in itertools.combinations(ranks, few):
        rest = [rank for rank in ranks if rank not in chosen]
        statistics_of_all.append(sum(right > left for left in chosen for right in rest))
    base, head = [0.0, 1.0, 3.0, 8.0, 9.0][:few], [2.0, 4.0, 5.0, 6.0][:many]
    wins = sum(right > left for left in base for right in head)
    fewer = min(wins, few * many - wins)
    expected = min(1.0, 2 * sum(value <= fewer for value in statistics_of_all) / len(statistics_of_all))
    assert rank_sum_test(base, head) == pytest.approx(expected)


def test_the_approximation_for_many_pairs_meets_the_exact_counts() -> None:
    generator = seeded(5)
    base = [generator.gauss(0, 1) for _ in range(50)]
    head = [generator.gauss(0.4, 1) for _ in range(51)]
    assert rank_sum_test(base, head) == pytest.approx(rank_sum_test(base, head[:50]), rel=0.3)


@pytest.mark.parametrize(("base", "head"), [(5, 5), (10, 20), (20, 7)])
def test_the_shift_is_covered_as_often_as_the_level_says(base: int, head: int) -> None:
    generator = seeded(base * 100 + head)
    trials = 1500
    covered = 0
    for _ in range(trials):
        left = [generator.gauss(0, 1) for _ in range(base)]
        right = [generator.gauss(0, 1) + 3 for _ in range(head)]
        interval = shift_interval(left, right, 0.99)
        covered += interval.low <= 3 <= interval.high
    assert covered / trials >= 0.99 - 4 * math.sqrt(0.99 * 0.01 / trials)


def test_the_sign_test_counts_heads_and_tails() -> None:
    assert sign_test([1.0] * 10) == pytest.approx(2 / 1024)
    assert sign_test([1.0] * 9 + [-1.0]) == pytest.approx(2 * 11 / 1024)
    assert sign_test([1.0, -1.0]) == 1.0


def test_values_of_zero_say_nothing_in_the_sign_test() -> None:
    assert sign_test([0.0] * 5) == 1.0
    assert sign_test([0.0] * 5 + [1.0] * 10) == sign_test([1.0] * 10)


@given(LISTS, LISTS)
def test_p_is_a_probability(base: list[float], head: list[float]) -> None:
    assert 0 < rank_sum_test(base, head) <= 1
    assert 0 < sign_test(base) <= 1


def test_a_p99_with_a_bound_of_95_percent_needs_299_values() -> None:
    assert values_needed(0.99, 0.95) == 299
    assert values_needed(0.01, 0.95) == 299
    assert quantile_interval(range(299), 0.99, 0.95).high == 298
    assert quantile_interval(range(298), 0.99, 0.95).high == math.inf


def test_nothing_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        quantile_interval([], 0.9, 0.95)


@given(st.lists(NUMBERS, min_size=1, max_size=200), st.floats(0.01, 0.99))
def test_a_quantile_lies_within_its_bounds(values: list[float], share: float) -> None:
    interval = quantile_interval(values, share, 0.95)
    assert interval.low <= interval.estimate <= interval.high
    assert interval.estimate in values


@pytest.mark.parametrize(("count", "share"), [(60, 0.95), (500, 0.99), (20_000, 0.5)])
def test_each_bound_of_a_quantile_holds_as_often_as_it_says(count: int, share: float) -> None:
    generator = seeded(f"{count} {share}")
    trials = 100 if count > 1000 else TRIALS
    below = above = 0
    for _ in range(trials):
        interval = quantile_interval([generator.random() for _ in range(count)], share, 0.95)
        below += interval.low > share
        above += interval.high < share
    assert max(below, above) / trials <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / trials)


def test_the_approximation_for_many_values_meets_the_exact_ranks() -> None:
    count = 3600  # a standard deviation of 30 at the median: the last exact one
    exact, near = (quantile_interval(range(many), 0.5, 0.95) for many in (count, count + 1))
    assert near.low == pytest.approx(exact.low, abs=2)
    assert near.high == pytest.approx(exact.high, abs=2)
