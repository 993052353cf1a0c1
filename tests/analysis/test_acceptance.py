"""Regressions that were taken on, and entries that hold no longer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.acceptance import accept
from perfbench.analysis.judge import judge
from perfbench.model import Acceptance, BenchmarkId, Budget, Comparison, Finding, Outcome, Verdict
from tests.analysis.samples import RATE, TIME, comparison, row, verdict

TODAY = "2026-06-01"
ENTRY = Acceptance(
    "module.*", "time", "safer parsing", "Ann", "2026-01-01", "2026-12-31", share=0.12, origin="accepted.toml:3"
)  # fmt: skip
RATIOS = st.floats(0.2, 5.0)


def compared(outcome: Outcome, name: str = "module.Class.time_it") -> Verdict:
    return replace(verdict(outcome, name=name), comparison=comparison())


def regressed(low: float, high: float, **fields: object) -> Verdict:
    """A verdict of the gate on such an interval."""
    certain = comparison((low + high) / 2, low, high, **fields)
    (found,) = judge([replace(certain, confidence=0.9999999)], [], [], noise_floor=0.0)
    return found


def accepted(found: Verdict, *entries: Acceptance, today: str = TODAY) -> tuple[Verdict, list[str]]:
    (judged,), findings = accept([found], entries, today)
    return judged, [finding.message for finding in findings]


def test_a_regression_within_the_ceiling_has_passed_by_the_rule_of_the_entry() -> None:
    judged, findings = accepted(regressed(1.09, 1.11), ENTRY)
    assert judged.outcome is Outcome.PASSED
    assert judged.rule == "accepted until 2026-12-31 by Ann (safer parsing), accepted.toml:3"
    assert judged.reason == "regressed (limit 1 %), within the ceiling +12 %"
    assert judged.origin == "accepted.toml:3"
    assert findings == []


def test_a_regression_beyond_the_ceiling_still_is_one_and_the_entry_is_exceeded() -> None:
    judged, findings = accepted(regressed(1.19, 1.21), ENTRY)
    assert judged.outcome is Outcome.REGRESSED
    assert "beyond the accepted ceiling +12 %" in judged.reason
    assert findings == [
        "module.Class.time_it moved by +19 … +21 %, beyond the ceiling +12 % that Ann accepted"
    ]


def test_a_regression_that_reaches_across_the_ceiling_is_inconclusive() -> None:
    judged, findings = accepted(regressed(1.10, 1.14), ENTRY)
    assert judged.outcome is Outcome.INCONCLUSIVE
    assert findings == []


@pytest.mark.parametrize(
    ("low", "outcome"), [(0.0028, Outcome.PASSED), (0.0031, Outcome.REGRESSED), (0.0029, Outcome.INCONCLUSIVE)]
)  # fmt: skip
def test_an_absolute_ceiling_is_held_against_heads_own_median(low: float, outcome: Outcome) -> None:
    found = regressed(1.19, 1.21, head_low=low, head_high=low + 0.0002)
    judged, _ = accepted(found, replace(ENTRY, share=None, limit=0.003))
    assert judged.outcome is outcome
    if outcome is Outcome.PASSED:
        assert judged.reason.endswith("within the ceiling 3 ms")


def test_where_higher_is_better_the_ceiling_is_a_floor() -> None:
    found = regressed(0.90, 0.92, metric=RATE, head_low=90.0, head_high=92.0)
    assert found.outcome is Outcome.REGRESSED
    rate = replace(ENTRY, metric="track")
    assert accepted(found, rate)[0].outcome is Outcome.PASSED
    assert accepted(found, replace(rate, share=0.05))[0].outcome is Outcome.REGRESSED
    assert accepted(found, replace(rate, share=None, limit=89.0))[0].outcome is Outcome.PASSED
    assert accepted(found, replace(rate, share=None, limit=95.0))[0].outcome is Outcome.REGRESSED


def test_an_entry_holds_through_the_day_on_which_it_expires() -> None:
    assert accepted(regressed(1.09, 1.11), ENTRY, today="2026-12-31")[0].outcome is Outcome.PASSED
    judged, findings = accepted(regressed(1.09, 1.11), ENTRY, today="2027-01-01")
    assert judged.outcome is Outcome.REGRESSED
    assert "expired on 2026-12-31" in findings[0]
    assert len(findings) == 1


def test_the_last_valid_entry_that_fits_counts() -> None:
    wider = replace(ENTRY, share=0.5, origin="accepted.toml:9")
    judged, findings = accepted(regressed(1.19, 1.21), ENTRY, wider)
    assert judged.origin == "accepted.toml:9"
    assert findings == []
    over = replace(wider, expires="2026-05-31")
    judged, findings = accepted(regressed(1.09, 1.11), ENTRY, over)
    assert judged.origin == "accepted.toml:3"
    assert len(findings) == 1


def test_an_acceptance_lifts_no_budget() -> None:
    found = regressed(1.09, 1.11, head_low=0.6, head_high=0.7)
    budget = Budget("*", "time", 0.5, origin="thresholds.toml:4")
    (judged,), _ = accept([found], [ENTRY], TODAY, budgets=[budget])
    assert judged.outcome is Outcome.OVER_BUDGET
    assert (judged.rule, judged.limit) == ("budget 500 ms, thresholds.toml:4", 0.5)


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.IMPROVED])
def test_an_entry_none_of_whose_rows_has_regressed_is_unused(outcome: Outcome) -> None:
    (finding,) = accept([compared(outcome)], [ENTRY], TODAY)[1]
    assert finding == Finding(
        "acceptance",
        "the acceptance of 'module.*' covers no regression: none of its rows has regressed; remove it",
        "accepted.toml:3",
    )


@pytest.mark.parametrize(
    "outcome",
    [Outcome.INCONCLUSIVE, Outcome.INCOMPARABLE, Outcome.FAILED, Outcome.SKIPPED, Outcome.NEW, Outcome.MISSING],
)  # fmt: skip
def test_a_row_that_could_not_be_judged_leaves_open_whether_its_entry_is_used(outcome: Outcome) -> None:
    assert accept([verdict(outcome)], [ENTRY], TODAY)[1] == ()


def test_where_nothing_was_compared_no_entry_is_unused() -> None:
    assert accept([verdict(Outcome.PASSED)], [ENTRY], TODAY)[1] == ()


def test_an_entry_is_not_unused_while_one_of_its_rows_has_not_been_measured() -> None:
    passed, other = compared(Outcome.PASSED), BenchmarkId("suite", "module.time_other")
    rows = [passed.benchmark, other]
    assert accept([passed], [ENTRY], TODAY, rows=rows)[1] == ()
    assert len(accept([passed, compared(Outcome.PASSED, "module.time_other")], [ENTRY], TODAY)[1]) == 1
    assert accept([], [ENTRY], TODAY, rows=rows)[1] == ()


def test_an_entry_that_fits_no_row_at_all_is_unused_where_all_rows_are_known() -> None:
    astray = replace(ENTRY, pattern="modul.*")
    found = [verdict(Outcome.PASSED)]
    (finding,) = accept(found, [astray], TODAY, rows=[row()])[1]
    assert finding.message == "the acceptance of 'modul.*' fits no benchmark; remove it"
    assert accept(found, [astray], TODAY)[1] == ()


def test_an_entry_for_a_metric_that_its_rows_do_not_have_is_unused() -> None:
    (finding,) = accept([verdict(Outcome.PASSED)], [replace(ENTRY, metric="peakmem")], TODAY)[1]
    assert "fits no row with the metric 'peakmem'" in finding.message


@given(RATIOS, RATIOS, st.floats(0.001, 1.0), st.floats(0.001, 1.0))
def test_a_higher_ceiling_never_makes_a_regression_of_what_was_accepted(
    one: float, other: float, share: float, more: float
) -> None:
    low, high = sorted((one, other))
    rank = {Outcome.PASSED: 0, Outcome.INCONCLUSIVE: 1, Outcome.REGRESSED: 2}
    found = Verdict(row(), TIME, Outcome.REGRESSED, "limit 1 %", "", comparison(low, low, high))
    tight = accepted(found, replace(ENTRY, share=share))[0]
    loose = accepted(found, replace(ENTRY, share=share + more))[0]
    assert rank[loose.outcome] <= rank[tight.outcome]


@given(RATIOS, st.sampled_from(list(Outcome)))
def test_only_regressions_are_touched(ratio: float, outcome: Outcome) -> None:
    made: Comparison = comparison(ratio)
    found = Verdict(row(), TIME, outcome, "limit 1 %", "", made)
    judged, _ = accepted(found, replace(ENTRY, share=10.0))
    assert (judged == found) == (outcome is not Outcome.REGRESSED)
