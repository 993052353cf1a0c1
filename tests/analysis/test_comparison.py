from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.comparison import compare, own_median
from perfbench.model import Measurement, Metric
from tests.analysis.samples import CLOCK, RATE, SIZE, TIME, measurement, noisy_rounds, seeded

NANOSECONDS = st.integers(min_value=1, max_value=10**9)


@st.composite
def sides(
    draw: st.DrawFn, *, rounds: int = 6, samples: int = 3
) -> tuple[list[list[float]], list[list[float]]]:
    """Positive values of two sides, as many on each."""
    count = draw(st.integers(rounds, rounds + 8))
    many = st.lists(
        st.lists(NANOSECONDS.map(lambda n: n * 1e-9), min_size=samples, max_size=samples),
        min_size=count,
        max_size=count,
    )
    return draw(many), draw(many)


def apart(values: list[list[float]]) -> Measurement:
    """The same, measured on another day."""
    return measurement(values, started=CLOCK + 86_400)


def test_a_paired_ratio_is_found_through_the_moods_of_the_machine() -> None:
    base, head = noisy_rounds(seeded(1), rounds=10, ratio=1.05, spread=0.002)
    found = compare(base, head)
    assert found.paired
    assert found.rounds == 10
    assert found.low < 1.05 < found.high
    assert found.low > 1.04
    assert 0.95 <= found.confidence < 0.96
    assert found.p < 0.01
    assert found.warnings == ()


@given(sides())
def test_swapping_the_sides_inverts_the_ratio_and_its_interval(values: tuple[list[list[float]], ...]) -> None:
    for second in (measurement, apart):
        there = compare(measurement(values[0]), second(values[1]))
        back = compare(second(values[1]), measurement(values[0]))
        assert back.ratio == pytest.approx(1 / there.ratio)
        assert back.low == pytest.approx(1 / there.high)
        assert back.high == pytest.approx(1 / there.low if there.low else math.inf)
        if second is apart:  # the ranks of rounds that tie turn on the last digit of a logarithm
            assert back.p == pytest.approx(there.p)


@given(sides(), st.floats(1e-3, 1e3))
def test_another_unit_changes_nothing(values: tuple[list[list[float]], ...], factor: float) -> None:
    scaled = [[[value * factor for value in run] for run in side] for side in values]
    for second in (measurement, apart):
        plain = compare(measurement(values[0]), second(values[1]))
        other = compare(measurement(scaled[0]), second(scaled[1]))
        assert other.ratio == pytest.approx(plain.ratio)
        assert other.low == pytest.approx(plain.low)
        assert other.high == pytest.approx(plain.high)


@given(sides())
def test_the_interval_holds_the_ratio_and_detectable_is_its_longer_arm(
    values: tuple[list[list[float]], ...],
) -> None:
    for second in (measurement, apart):
        found = compare(measurement(values[0]), second(values[1]))
        assert found.low <= found.ratio <= found.high
        arm = max(found.ratio / found.low if found.low else math.inf, found.high / found.ratio) - 1
        assert found.detectable == pytest.approx(arm, abs=1e-12)


def test_more_rounds_narrow_the_interval() -> None:
    base, head = noisy_rounds(seeded(2), rounds=40)
    few = compare(
        measurement([r.values for r in base.runs[:10]]), measurement([r.values for r in head.runs[:10]])
    )
    many = compare(base, head)
    assert many.high / many.low < few.high / few.low
    assert many.detectable < few.detectable


@pytest.mark.parametrize("rounds", [1, 5])
def test_fewer_than_six_rounds_make_no_claim(rounds: int) -> None:
    found = compare(*noisy_rounds(seeded(3), rounds=rounds, ratio=2.0))
    assert (found.low, found.high) == (0.0, math.inf)
    assert found.detectable == math.inf
    assert found.ratio == pytest.approx(2.0, rel=0.1)
    assert found.warnings == (f"{rounds} round{'' if rounds == 1 else 's'}: too few for an interval",)


def test_rounds_that_fall_short_of_a_level_say_at_which_they_speak() -> None:
    base, head = noisy_rounds(seeded(4), rounds=6)
    assert compare(base, head).confidence == pytest.approx(0.96875)
    assert compare(base, head).warnings == ()
    asked = compare(base, head, confidence=0.99)
    assert asked.confidence == pytest.approx(0.96875)
    assert asked.warnings == ("6 rounds: an interval of 96.9%, not 99%",)


def test_a_stored_baseline_is_compared_by_its_processes_and_says_so() -> None:
    base, head = noisy_rounds(seeded(5), rounds=12)
    found = compare(base, apart([list(run.values) for run in head.runs[:9]]))
    assert not found.paired
    assert found.rounds == 9
    assert found.warnings == (
        "not measured side by side: what the machine did between the two is in the ratio",
    )


def test_a_caller_that_knows_better_decides_what_is_paired() -> None:
    base, head = noisy_rounds(seeded(6), rounds=10)
    assert not compare(base, head, paired=False).paired
    assert compare(base, apart([list(run.values) for run in head.runs]), paired=True).paired


def test_a_single_process_on_each_side_speaks_by_its_samples_and_warns() -> None:
    found = compare(measurement([[1.0, 1.01, 0.99, 1.02, 1.03]]), apart([[2.0, 2.02, 1.98, 2.05, 2.01]]))
    assert found.low > 1.8
    assert found.warnings == (
        "one process on each side: the spread between processes is not in the interval",
    )


def test_one_value_on_each_side_makes_no_claim() -> None:
    found = compare(measurement([[1.0]]), apart([[2.0]]))
    assert found.ratio == pytest.approx(2.0)
    assert (found.low, found.high) == (0.0, math.inf)


def test_a_million_samples_are_compared_in_bounded_memory() -> None:
    values = [1.0 + (i % 7) * 1e-3 for i in range(200_000)]
    assert compare(measurement([values]), apart([values])).rounds <= 50
    many_runs = [[value] for value in values[:20_000]]
    assert compare(measurement(many_runs), apart(many_runs)).rounds <= 200
    assert compare(measurement(many_runs), measurement(many_runs[::-1])).rounds <= 1000


@pytest.mark.parametrize("later", [0.0, 86_400.0])
@pytest.mark.parametrize("metric", [TIME, RATE, SIZE])
@pytest.mark.parametrize("value", [0.0, 3.0, -1.0])
def test_identical_constants_have_a_ratio_of_exactly_one(later: float, metric: Metric, value: float) -> None:
    runs = [[value]] * 3
    found = compare(measurement(runs, metric=metric), measurement(runs, metric=metric, started=CLOCK + later))
    assert (found.ratio, found.low, found.high, found.p, found.detectable) == (1.0, 1.0, 1.0, 1.0, 0.0)


def test_a_size_that_is_constant_on_each_side_has_an_exact_ratio() -> None:
    found = compare(measurement([[1000.0]] * 3, metric=SIZE), measurement([[1010.0]] * 3, metric=SIZE))
    assert (found.ratio, found.low, found.high, found.p) == (1.01, 1.01, 1.01, 0.0)
    assert (found.head_low, found.head_high) == (1010.0, 1010.0)


def test_constant_times_are_a_coarse_clock_and_need_their_rounds() -> None:
    found = compare(measurement([[0.001]] * 3), measurement([[0.002]] * 3))
    assert (found.low, found.high) == (0.0, math.inf)


def test_a_count_that_rises_from_zero_has_risen_without_bound() -> None:
    found = compare(measurement([[0.0]] * 3, metric=RATE), measurement([[5.0]] * 3, metric=RATE))
    assert (found.ratio, found.low, found.high) == (math.inf, math.inf, math.inf)
    assert compare(measurement([[5.0]] * 3, metric=RATE), measurement([[0.0]] * 3, metric=RATE)).ratio == 0.0


def test_a_count_of_zero_on_both_sides_has_not_changed_in_a_single_process_either() -> None:
    found = compare(measurement([[0.0, 0.0]], metric=SIZE), measurement([[0.0]], metric=SIZE))
    assert (found.ratio, found.low, found.high, found.p) == (1.0, 1.0, 1.0, 1.0)


def test_times_of_zero_in_a_single_process_are_a_coarse_clock() -> None:
    assert math.isnan(compare(measurement([[0.0]]), measurement([[0.0]])).ratio)


def test_a_change_of_sign_has_no_ratio() -> None:
    found = compare(measurement([[-1.0, -2.0]] * 8), measurement([[1.0, 2.0]] * 8))
    assert math.isnan(found.ratio)
    assert math.isnan(found.low)
    assert found.warnings == ("a median of zero or below: a ratio has no meaning",)
    assert math.isnan(
        compare(measurement([[-1.0]] * 3, metric=RATE), measurement([[1.0]] * 3, metric=RATE)).ratio
    )


def test_a_few_values_below_zero_are_compared_by_difference() -> None:
    base = [[0.010, -0.001, 0.011]] * 9
    head = [[0.020, 0.009, 0.021]] * 9
    found = compare(measurement(base), measurement(head))
    assert found.ratio == pytest.approx(2.0)
    assert found.warnings == ("values of zero or below: compared by difference, in units of base's median",)


def test_values_that_are_no_numbers_are_left_out_and_counted() -> None:
    base, head = noisy_rounds(seeded(7), rounds=10, ratio=1.3)
    spoiled = [
        [*run.values[:-1], value] for run, value in zip(base.runs, [math.nan, math.inf] * 5, strict=True)
    ]
    found = compare(measurement(spoiled), head)
    assert found.low < 1.3 < found.high
    assert found.warnings == ("10 values are not finite numbers and were left out",)


def test_a_side_without_any_number_has_no_ratio() -> None:
    found = compare(measurement([[math.nan]] * 8), measurement([[1.0]] * 8))
    assert math.isnan(found.ratio)
    assert found.head == 1.0
    assert "no usable value on base" in found.warnings
    assert math.isnan(compare(measurement([]), measurement([])).head_low)


def test_a_round_that_one_side_lacks_is_left_out_and_counted() -> None:
    base, head = noisy_rounds(seeded(8), rounds=10)
    found = compare(base, measurement([run.values for run in head.runs[:9]]))
    assert found.rounds == 9
    assert found.warnings == ("1 runs have no sound partner in their round and were left out",)


def test_different_units_are_not_compared() -> None:
    found = compare(measurement([[1.0]] * 8, metric=SIZE), measurement([[1.0]] * 8))
    assert math.isnan(found.ratio)
    assert found.warnings == ("base is in bytes, head in seconds",)


def test_one_wild_round_does_not_move_the_ratio() -> None:
    base, head = noisy_rounds(seeded(9), rounds=10, spread=0.002)
    wild = [list(run.values) for run in head.runs]
    wild[3] = [value * 50 for value in wild[3]]
    assert compare(base, measurement(wild)).ratio == pytest.approx(1.0, abs=0.01)


@given(st.lists(st.floats(), min_size=1, max_size=12), st.lists(st.floats(), min_size=1, max_size=12))
def test_any_numbers_get_an_answer(base: list[float], head: list[float]) -> None:
    for runs in ([base], [head]), ([[v] for v in base], [[v] for v in head]):
        for second in (measurement, apart):
            found = compare(measurement(runs[0]), second(runs[1]))
            assert math.isnan(found.ratio) or 0 <= found.low <= found.ratio <= found.high
            assert math.isnan(found.p) or 0 <= found.p <= 1


def test_the_median_of_one_side_has_an_interval_of_its_own() -> None:
    interval = own_median(measurement([[value] for value in range(1, 11)]))
    assert interval.estimate == 5.5
    assert 1 < interval.low < 2
    few = own_median(measurement([[1.0], [2.0]]))
    assert (few.low, few.high) == (-math.inf, math.inf)


@pytest.mark.parametrize("spread", [0.005, 0.02])
def test_identical_sides_are_called_different_no_oftener_than_the_level_says(spread: float) -> None:
    generator = seeded(int(spread * 1000))
    trials = 400
    apart_from_one = beyond_limit = 0
    for _ in range(trials):
        found = compare(*noisy_rounds(generator, rounds=10, spread=spread, samples=4))
        apart_from_one += not found.low <= 1 <= found.high
        beyond_limit += found.low > 1.01 or found.high < 1 / 1.01
    assert apart_from_one / trials <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / trials)
    assert beyond_limit / trials <= 0.02


@pytest.mark.parametrize("processes", [5, 10, 20])
def test_processes_that_differ_raise_no_false_alarm(processes: int) -> None:
    """A process-to-process spread of 2 % and 0.5 % within, where a test over pooled values alarms one time in four."""
    generator = seeded(processes)
    trials = 400

    def side() -> list[list[float]]:
        layouts = [1 + generator.gauss(0, 0.02) for _ in range(processes)]
        return [[layout * (1 + generator.gauss(0, 0.005)) for _ in range(5)] for layout in layouts]

    found = [compare(measurement(side()), apart(side())) for _ in range(trials)]
    apart_from_one = sum(not row.low <= 1 <= row.high for row in found)
    beyond_limit = sum(row.low > 1.01 or row.high < 1 / 1.01 for row in found)
    assert apart_from_one / trials <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / trials)
    assert beyond_limit / trials <= 0.01
