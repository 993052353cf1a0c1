from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.judge import judge, judge_alone
from perfbench.analysis.limits import DEFAULT_LIMIT, limit_of
from perfbench.analysis.signed_rank import signed_rank_interval
from perfbench.model import Better, Budget, Comparison, Metric, Outcome, Threshold, Verdict
from tests.analysis.samples import RATE, SHOWN, SIZE, TIME, comparison, measurement, row

FIVE = Threshold("*", "*", 0.05, origin="thresholds.toml:12")
HALF_SECOND = Budget("*", "time", 0.5, origin="thresholds.toml:4")
RATIOS = st.floats(0.2, 5.0)


def judged(
    row: Comparison, *thresholds: Threshold, budgets: tuple[Budget, ...] = (), noise_floor: float = 0.0
) -> Verdict:
    (verdict,) = judge([row], thresholds, budgets, noise_floor=noise_floor)
    return verdict


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (1.06, 1.10, Outcome.REGRESSED),
        (1.04, 1.10, Outcome.INCONCLUSIVE),
        (0.80, 1.10, Outcome.INCONCLUSIVE),
        (1.01, 1.04, Outcome.PASSED),
        (0.80, 1.04, Outcome.PASSED),
        (0.80, 0.90, Outcome.IMPROVED),
        (0.94, 0.953, Outcome.PASSED),
    ],
)
def test_the_whole_interval_decides(low: float, high: float, outcome: Outcome) -> None:
    assert judged(comparison((low + high) / 2, low, high), FIVE).outcome is outcome


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [(0.80, 0.90, Outcome.REGRESSED), (0.96, 1.20, Outcome.PASSED), (1.06, 1.10, Outcome.IMPROVED)],
)
def test_where_higher_is_better_a_smaller_ratio_is_worse(low: float, high: float, outcome: Outcome) -> None:
    assert judged(comparison((low + high) / 2, low, high, metric=RATE), FIVE).outcome is outcome


@given(RATIOS, RATIOS, st.floats(0.0, 0.5))
def test_a_rate_is_judged_like_the_time_that_it_is_the_inverse_of(
    one: float, other: float, limit: float
) -> None:
    low, high = sorted((one, other))
    rule = Threshold("*", "*", limit + 0.0123)
    as_time = comparison(low, low, high)
    as_rate = comparison(1 / low, 1 / high, 1 / low, metric=RATE)
    assert judged(as_time, rule).outcome is judged(as_rate, rule).outcome


@given(RATIOS, RATIOS, st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.floats(0.0, 0.1))
def test_a_wider_threshold_never_turns_a_row_into_a_regression(
    one: float, other: float, limit: float, more: float, floor: float
) -> None:
    low, high = sorted((one, other))
    row = comparison(low, low, high)
    narrow = judged(row, Threshold("*", "*", limit), noise_floor=floor).outcome
    wide = judged(row, Threshold("*", "*", limit + more), noise_floor=floor).outcome
    assert narrow is Outcome.REGRESSED or wide is not Outcome.REGRESSED
    assert narrow is not Outcome.PASSED or wide is Outcome.PASSED


@given(RATIOS, RATIOS, st.floats(0.0, 0.2))
def test_a_row_that_improved_has_regressed_with_its_sides_swapped(
    one: float, other: float, floor: float
) -> None:
    low, high = sorted((one, other))
    there = judged(comparison(low, low, high), noise_floor=floor).outcome
    back = judged(comparison(1 / high, 1 / high, 1 / low), noise_floor=floor).outcome
    if abs(low - (1 + max(floor, 0.01))) > 1e-9:
        assert (there is Outcome.REGRESSED) == (back is Outcome.IMPROVED)


def test_a_default_limit_and_a_row_that_is_shown_only_stand_in_no_file() -> None:
    assert judged(comparison(1.38, 1.35, 1.41)).origin == ""
    assert judged(comparison(1.38, 1.35, 1.41, metric=SHOWN), FIVE).origin == ""


def test_a_row_over_its_budget_names_where_the_budget_stands() -> None:
    verdict = judged(comparison(head_low=0.6, head_high=0.7), FIVE, budgets=(HALF_SECOND,))
    assert (verdict.outcome, verdict.origin) == (Outcome.OVER_BUDGET, "thresholds.toml:4")


def test_the_rule_names_its_limit_and_where_it_stands() -> None:
    verdict = judged(comparison(1.38, 1.35, 1.41), FIVE)
    assert (verdict.rule, verdict.origin) == ("limit 5 %, thresholds.toml:12", "thresholds.toml:12")
    assert verdict.reason == ""
    assert verdict.limit == 0.05
    assert verdict.value == pytest.approx(0.138)


def test_without_a_threshold_the_limit_is_one_percent() -> None:
    assert judged(comparison(1.02, 1.011, 1.03)).rule == "limit 1 %"
    assert judged(comparison(1.02, 1.009, 1.03)).outcome is Outcome.INCONCLUSIVE


def test_the_noise_of_the_job_widens_the_default() -> None:
    verdict = judged(comparison(1.02, 1.011, 1.03), noise_floor=0.021)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.rule == "limit 2.1 % (noise)"


def test_a_machine_too_noisy_for_a_rows_limit_decides_nothing_that_its_noise_could_hide() -> None:
    moved = [comparison(1.01, 0.98, 1.04), comparison(2.0, 1.8, 2.2)]
    (hidden, seen) = judge(moved, (), (), noise_floor=0.4)
    assert (hidden.outcome, seen.outcome) == (Outcome.INCONCLUSIVE, Outcome.REGRESSED)
    assert "too noisy" in hidden.reason


def test_a_machine_too_noisy_still_passes_what_lies_within_the_asked_limit() -> None:
    assert judged(comparison(1.0, 0.995, 1.005), noise_floor=0.4).outcome is Outcome.PASSED


def test_the_noise_of_times_does_not_widen_the_limit_of_counts() -> None:
    assert limit_of(comparison(metric=SIZE), (), 0.2).share == DEFAULT_LIMIT


def test_a_threshold_below_the_noise_gives_way_to_it_and_says_so() -> None:
    verdict = judged(comparison(1.2, 1.1, 1.3), dataclasses.replace(FIVE, limit=0.005), noise_floor=0.021)
    assert verdict.rule == "limit 2.1 % (noise; 0.5 % asked, thresholds.toml:12)"
    assert judged(comparison(1.2, 1.1, 1.3), FIVE, noise_floor=0.021).rule == "limit 5 %, thresholds.toml:12"


def test_a_threshold_may_be_tighter_than_one_percent_where_the_noise_allows() -> None:
    tight = Threshold("*", "*", 0.002)
    assert judged(comparison(1.005, 1.004, 1.006), tight, noise_floor=0.001).outcome is Outcome.REGRESSED


def test_the_last_threshold_that_fits_counts() -> None:
    row = comparison(1.1, 1.08, 1.12)
    assert judged(row, Threshold("*", "*", 0.5), FIVE).outcome is Outcome.REGRESSED
    assert judged(row, FIVE, Threshold("*", "*", 0.5)).outcome is Outcome.PASSED
    assert judged(row, FIVE, Threshold("*", "peakmem", 0.5)).outcome is Outcome.REGRESSED


def test_an_inconclusive_row_says_what_it_could_have_seen() -> None:
    verdict = judged(comparison(1.03, 0.99, 1.11), FIVE)
    assert verdict.reason == "could see ≥ 9.2 %; run longer"
    assert judged(comparison(1.03, 0.0, math.inf), FIVE).reason == "could not tell; run longer"


def test_what_it_could_have_seen_would_have_been_a_regression() -> None:
    row = comparison(1.0, 0.96, 1.06)
    limit = limit_of(row, [FIVE], 0.0)
    effect = 1.05 / 0.96
    assert judged(comparison(effect * 1.001, effect * 1.001 * 0.96, 2.0), FIVE).outcome is Outcome.REGRESSED
    assert (
        judged(comparison(effect * 0.999, effect * 0.999 * 0.96, 2.0), FIVE).outcome is Outcome.INCONCLUSIVE
    )
    assert limit.share == 0.05


@pytest.mark.parametrize("metric", [TIME, RATE])
def test_a_shift_below_the_absolute_minimum_passes(metric: Metric) -> None:
    row = comparison(1.1, 1.09, 1.11, metric=metric)
    if metric.better is Better.HIGHER:
        row = comparison(0.9, 0.89, 0.91, metric=metric)
    assert judged(row, dataclasses.replace(FIVE, minimum_absolute=0.012)).outcome is Outcome.PASSED
    assert judged(row, dataclasses.replace(FIVE, minimum_absolute=0.008)).outcome is Outcome.REGRESSED


def test_the_absolute_minimum_is_named_where_it_is_the_limit() -> None:
    small = dataclasses.replace(FIVE, minimum_absolute=0.02)
    assert judged(comparison(1.1, 1.09, 1.11), small).rule == "limit 20 ms, thresholds.toml:12"
    assert (
        judged(comparison(1.1, 1.09, 1.11), dataclasses.replace(small, limit=None)).outcome is Outcome.PASSED
    )
    assert (
        judged(
            comparison(0.9, 0.89, 0.91, metric=RATE), dataclasses.replace(FIVE, minimum_absolute=1.0)
        ).limit
        == math.inf
    )


def test_a_metric_without_direction_is_only_shown() -> None:
    verdict = judged(comparison(3.0, metric=SHOWN), FIVE)
    assert (verdict.outcome, verdict.rule, verdict.reason) == (
        Outcome.PASSED,
        "",
        "no better or worse: shown only",
    )


def test_without_a_ratio_a_row_is_incomparable_unless_it_moved_less_than_the_absolute_minimum() -> None:
    row = comparison(math.nan, math.nan, math.nan, base=-0.001, head=0.001)
    assert judged(row, FIVE).outcome is Outcome.INCOMPARABLE
    assert judged(row, dataclasses.replace(FIVE, minimum_absolute=0.01)).outcome is Outcome.PASSED


def test_a_count_that_rises_from_zero_has_regressed() -> None:
    row = comparison(math.inf, math.inf, math.inf, base=0.0, head=3.0, metric=SIZE)
    assert judged(row, FIVE).outcome is Outcome.REGRESSED
    assert judged(dataclasses.replace(row, metric=RATE), FIVE).outcome is Outcome.IMPROVED
    assert judged(row, dataclasses.replace(FIVE, minimum_absolute=10.0)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("head_low", "head_high", "outcome"),
    [(0.51, 0.6, Outcome.OVER_BUDGET), (0.49, 0.6, Outcome.PASSED), (-math.inf, math.inf, Outcome.PASSED)],
)
def test_a_budget_needs_the_whole_interval_of_the_median(
    head_low: float, head_high: float, outcome: Outcome
) -> None:
    row = comparison(head_low=head_low, head_high=head_high)
    assert judged(row, budgets=(HALF_SECOND,)).outcome is outcome


def test_a_budget_for_a_rate_is_a_least() -> None:
    budget = Budget("*", "track", 100.0)
    assert (
        judged(comparison(metric=RATE, head_low=80, head_high=90), budgets=(budget,)).outcome
        is Outcome.OVER_BUDGET
    )
    assert (
        judged(comparison(metric=RATE, head_low=180, head_high=190), budgets=(budget,)).outcome
        is Outcome.PASSED
    )


def test_over_budget_names_the_budget() -> None:
    verdict = judged(comparison(head_low=0.51, head_high=0.6), FIVE, budgets=(HALF_SECOND,))
    assert (verdict.rule, verdict.reason, verdict.limit) == ("budget 500 ms, thresholds.toml:4", "", 0.5)


def test_a_row_that_regressed_over_its_budget_says_both() -> None:
    verdict = judged(comparison(1.4, head_low=0.51, head_high=0.6), FIVE, budgets=(HALF_SECOND,))
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.rule == "limit 5 %, thresholds.toml:12"
    assert verdict.reason == "over its budget 500 ms, thresholds.toml:4, too"


def test_an_improvement_that_is_still_over_budget_is_over_budget() -> None:
    verdict = judged(comparison(0.5, head_low=0.51, head_high=0.6), FIVE, budgets=(HALF_SECOND,))
    assert verdict.outcome is Outcome.OVER_BUDGET


def test_verdicts_keep_the_order_of_their_comparisons() -> None:
    rows = [comparison(1.0), comparison(2.0), comparison(0.5)]
    verdicts = judge(rows, [], [], noise_floor=0.0)
    ratios = [verdict.comparison.ratio for verdict in verdicts if verdict.comparison]
    assert ratios == [1.0, 2.0, 0.5]
    assert judge([], [], [], noise_floor=0.0) == ()


def test_a_row_without_a_base_is_held_to_its_budget() -> None:
    slow, quick = measurement([[0.6, 0.61]] * 8), measurement([[0.1, 0.11]] * 8)
    over, new = judge_alone([slow, quick], [HALF_SECOND], reason="base has no such row")
    assert (over.outcome, over.rule, over.limit) == (
        Outcome.OVER_BUDGET,
        "budget 500 ms, thresholds.toml:4",
        0.5,
    )
    assert (new.outcome, new.reason, new.limit) == (Outcome.NEW, "base has no such row", None)
    assert new.value == pytest.approx(0.105)


def test_one_tree_measured_alone_passes_within_its_budgets() -> None:
    (verdict,) = judge_alone([measurement([[0.1]] * 8)], [HALF_SECOND], outcome=Outcome.PASSED)
    assert verdict.outcome is Outcome.PASSED


def rounds_at(*figures: float, name: str = "module.time_it") -> Comparison:
    """A paired comparison with these log-ratios."""
    logs = tuple(math.log(figure) for figure in figures)
    found = signed_rank_interval(logs, 0.95)
    low, high = math.exp(found.low), math.exp(found.high)
    return comparison(
        math.exp(found.estimate), low, high, benchmark=row(name), rounds=len(logs), evidence=(logs,)
    )


TEN = [1.05, 1.051, 1.049, 1.052, 1.048, 1.05, 1.053, 1.047, 1.05, 1.0505]


def family(*rows: Comparison, shares: float = 1.0) -> list[Outcome]:
    spent = {one.benchmark: shares for one in rows}
    return [verdict.outcome for verdict in judge(rows, (), (), noise_floor=0.0, shares=spent)]


def test_among_many_rows_one_needs_more_evidence_than_alone() -> None:
    moved = rounds_at(*TEN)
    still = [rounds_at(*[value / 1.05 for value in TEN], name=f"module.time_{place}") for place in range(60)]
    assert family(moved) == [Outcome.REGRESSED]
    assert family(moved, *still)[0] is Outcome.INCONCLUSIVE
    assert family(rounds_at(*TEN, *TEN), *still)[0] is Outcome.REGRESSED


def test_a_row_that_is_not_sure_enough_among_many_says_so() -> None:
    rows = [rounds_at(*TEN[:7], name=f"module.time_{place}") for place in range(7)]
    verdicts = judge(rows, (), (), noise_floor=0.0)
    assert {verdict.outcome for verdict in verdicts} == {Outcome.INCONCLUSIVE}
    assert verdicts[0].reason == "beyond its limit, but not sure enough among 7 rows; run longer"


def test_a_look_that_may_spend_less_of_the_error_needs_more_evidence() -> None:
    assert family(rounds_at(*TEN), shares=0.5) == [Outcome.REGRESSED]
    assert family(rounds_at(*TEN), shares=0.03) == [Outcome.INCONCLUSIVE]


def test_the_noise_that_a_row_has_shown_itself_widens_its_limit_and_no_others() -> None:
    rows = [comparison(1.03, 1.02, 1.04, noise=0.025, noise_source="A/A arm"), comparison(1.03, 1.02, 1.04)]
    noisy, quiet = judge(rows, (), (), noise_floor=0.005)
    assert noisy.outcome is Outcome.INCONCLUSIVE
    assert noisy.rule == "limit 2.5 % (A/A arm)"
    assert quiet.outcome is Outcome.REGRESSED


def test_when_everything_moved_together_it_was_the_machine() -> None:
    rows = [rounds_at(*[value * 1.02 for value in TEN], name=f"module.time_{place}") for place in range(9)]
    verdicts = judge(rows, (), (), noise_floor=0.0)
    assert {verdict.outcome for verdict in verdicts} == {Outcome.INCONCLUSIVE}
    assert verdicts[0].reason == "everything moved together (+7.1 %): the machine, not the code"


def test_a_row_that_moved_on_top_of_the_rest_is_still_named() -> None:
    rows = [rounds_at(*[value * 1.02 for value in TEN], name=f"module.time_{place}") for place in range(10)]
    rows.append(rounds_at(*[value * 1.3 for value in TEN], name="module.time_slow"))
    outcomes = {str(v.benchmark): v.outcome for v in judge(rows, (), (), noise_floor=0.0)}
    assert outcomes.pop("module.time_slow") is Outcome.REGRESSED
    assert set(outcomes.values()) == {Outcome.INCONCLUSIVE}


def test_a_control_that_stood_still_says_that_it_was_the_code() -> None:
    rows = [rounds_at(*[value * 1.02 for value in TEN], name=f"module.time_{place}") for place in range(9)]
    verdicts = judge(rows, (), (), noise_floor=0.0, control=comparison(1.0, 0.995, 1.005))
    assert {verdict.outcome for verdict in verdicts} == {Outcome.REGRESSED}


def test_a_verdict_tells_the_smallest_worsening_that_would_have_been_named() -> None:
    assert judged(comparison(1.0, 0.99, 1.005)).effect == pytest.approx(1.01 / 0.99 - 1)
    assert judged(comparison(metric=SHOWN)).effect is None
