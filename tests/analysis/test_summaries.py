from __future__ import annotations

import dataclasses
import gzip
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.comparison import compare, own_median
from perfbench.analysis.judge import judge
from perfbench.analysis.judging import judge as judge_values
from perfbench.model import Measurement, Metric, Outcome, Summary
from tests.analysis.samples import SIZE, TIME, measurement, seeded

PAIRS = Path(__file__).parents[3] / "shared/data/gate-pairs/summary_pairs.jsonl.gz"


def stored(summary: Summary, metric: Metric = TIME) -> Measurement:
    return dataclasses.replace(measurement([], metric=metric), summary=summary)


def asv(centre: float, *, arm: float = 0.01) -> Measurement:
    return stored(Summary(median=centre, low=centre * (1 - arm), high=centre * (1 + arm), count=10))


def outcome(base: Measurement, head: Measurement) -> Outcome:
    (verdict,) = judge([compare(base, head)], [], [], noise_floor=0.0)
    return verdict.outcome


def test_summaries_of_shared_runners_are_called_changed_only_beyond_what_runs_differ_by() -> None:
    assert outcome(asv(1.0), asv(1.1)) is Outcome.INCONCLUSIVE
    assert outcome(asv(1.0), asv(1.2)) is Outcome.REGRESSED
    assert outcome(asv(1.2), asv(1.0)) is Outcome.IMPROVED


def test_the_assumed_spread_is_said() -> None:
    found = compare(asv(1.0), asv(1.0))
    assert found.warnings == (
        "stored summaries do not tell how runs of the same code differ: a spread of 5 % between them is assumed",
    )
    assert not found.paired
    assert found.detectable == pytest.approx(
        math.expm1(math.hypot(0.0076, 0.0076, 1.96 * math.sqrt(2) * 0.05)), 0.01
    )


def test_a_summary_with_a_wide_spread_of_its_own_needs_a_greater_change() -> None:
    assert outcome(asv(1.0, arm=0.2), asv(1.2, arm=0.2)) is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    "summary",
    [
        Summary(median=1.0, low=0.99, high=1.01, count=10),
        Summary(median=1.0, stddev=0.01, count=10),
        Summary(mean=1.0, stddev=0.01, count=10),
        Summary(median=1.0, q25=0.993, q75=1.007, count=10),
        Summary(median=1.0, minimum=0.98, maximum=1.02, count=10),
        Summary(median=1.0, low=-0.1, high=1.01, count=10),
        Summary(median=1.0, low=-math.inf, high=math.inf, q25=0.993, q75=1.007, count=10),
    ],
)
def test_the_spread_is_taken_from_whatever_the_summary_tells(summary: Summary) -> None:
    own = own_median(stored(summary))
    assert own.estimate == 1.0
    assert 0.003 < 1 - own.low < 0.03
    assert 0.003 < own.high - 1 < 0.03
    found = compare(stored(summary), stored(summary))
    assert 0.8 < found.low < 1 < found.high < 1.2


@pytest.mark.parametrize(
    "summary", [Summary(median=1.0), Summary(mean=1.0, stddev=0.1), Summary(median=1.0, stddev=0.1, count=1)]
)
def test_a_number_without_a_spread_makes_no_claim(summary: Summary) -> None:
    found = compare(stored(summary), asv(2.0) if summary.median else stored(Summary(mean=2.0)))
    assert found.ratio == 2.0
    assert (found.low, found.high) == (0.0, math.inf)
    assert found.warnings == ("no spread is stored: nothing can be claimed",)


@pytest.mark.parametrize("centre", [0.0, -1.0, math.nan, math.inf])
def test_a_centre_that_is_no_positive_number_has_no_ratio(centre: float) -> None:
    found = compare(asv(1.0), stored(Summary(median=centre, stddev=0.1, count=10)))
    assert math.isnan(found.ratio)
    assert found.warnings == ("a centre of zero or below: a ratio has no meaning",)


def test_bounds_that_are_the_wrong_way_round_make_no_claim() -> None:
    found = compare(asv(1.0), stored(Summary(median=2.0, low=2.1, high=1.9)))
    assert found.warnings == ("no spread is stored: nothing can be claimed",)


def test_a_mean_is_not_compared_with_a_median() -> None:
    found = compare(asv(1.0), stored(Summary(mean=1.0, stddev=0.1, count=10)))
    assert math.isnan(found.ratio)


def test_a_summary_is_compared_with_runs() -> None:
    generator = seeded(1)
    runs = measurement([[generator.gauss(1.5, 0.01) for _ in range(5)] for _ in range(10)])
    found = compare(asv(1.0), runs)
    assert found.low < 1.5 < found.high
    assert found.low > 1.25
    assert outcome(runs, asv(1.0)) is Outcome.IMPROVED


def test_a_size_that_is_stored_without_spread_in_its_values_has_an_exact_ratio() -> None:
    sizes = [stored(Summary(median=value, stddev=0.0, count=3), SIZE) for value in (1000.0, 1010.0)]
    found = compare(*sizes)
    assert (found.ratio, found.low, found.high) == (1.01, 1.01, 1.01)


def test_a_size_is_not_given_the_spread_of_times() -> None:
    sizes = [stored(Summary(median=value, stddev=1.0, count=30), SIZE) for value in (1000.0, 1010.0)]
    assert outcome(*sizes) in (Outcome.INCONCLUSIVE, Outcome.PASSED)
    assert compare(*sizes).low > 1.008


NUMBER = st.one_of(st.none(), st.floats())


@given(
    st.builds(
        Summary, median=NUMBER, mean=NUMBER, stddev=NUMBER, low=NUMBER, high=NUMBER, q25=NUMBER, q75=NUMBER,
        minimum=NUMBER, maximum=NUMBER, count=st.one_of(st.none(), st.integers(-5, 10**20)),
    )
)  # fmt: skip
def test_any_summary_gets_an_answer(summary: Summary) -> None:
    for base, head in (
        (asv(1.0), stored(summary)),
        (asv(1e-308), stored(summary)),
        (stored(summary), asv(1e308)),
        (stored(summary), stored(summary)),
    ):
        found = compare(base, head)
        assert math.isnan(found.ratio) or 0 <= found.low <= found.ratio <= found.high
        assert math.isnan(found.p) or 0 <= found.p <= 1


@pytest.mark.skipif(not PAIRS.exists(), reason="needs ../shared/data")
def test_identical_nights_are_seldom_called_changed_and_a_change_of_20_percent_is_found() -> None:
    with gzip.open(PAIRS, "rt", encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    slowed = [(pair["a"], _times(pair["b"], 1.2)) for pair in pairs]
    same = sum(judge_values(pair["a"], pair["b"]).verdict is Outcome.REGRESSED for pair in pairs)
    found = sum(judge_values(a, b).verdict is Outcome.REGRESSED for a, b in slowed)
    assert same / len(pairs) < 0.02
    assert found / len(pairs) > 0.9


def _times(summary: dict[str, object], factor: float) -> dict[str, object]:
    def scaled(value: object) -> object:
        if isinstance(value, list):
            return [scaled(entry) for entry in value]
        return value * factor if isinstance(value, int | float) else value

    return {name: value if name == "n" else scaled(value) for name, value in summary.items()}


SHARE = Metric("failed", "")


@pytest.mark.parametrize(
    "summary",
    [Summary(mean=0.0, stddev=0.0, count=50), Summary(median=0.0, low=0.0, high=0.0)],
)
def test_nothing_on_both_sides_has_not_changed(summary: Summary) -> None:
    found = compare(stored(summary, SHARE), stored(summary, SHARE))
    assert (found.ratio, found.low, found.high, found.p) == (1.0, 1.0, 1.0, 1.0)
    assert outcome(stored(summary, SHARE), stored(summary, SHARE)) is Outcome.PASSED


@pytest.mark.parametrize(
    ("summary", "metric"),
    [
        (Summary(mean=0.0), SHARE),
        (Summary(mean=0.0, stddev=1.0, count=50), SHARE),
        (Summary(mean=0.0, stddev=0.0, count=50), TIME),
    ],
)
def test_a_zero_of_unknown_spread_or_of_a_clock_has_no_ratio(summary: Summary, metric: Metric) -> None:
    assert math.isnan(compare(stored(summary, metric), stored(summary, metric)).ratio)
