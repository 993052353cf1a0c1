from __future__ import annotations

import pytest

from perfbench.analysis.exits import exit_code
from perfbench.errors import ExitCode
from perfbench.model import Outcome
from tests.analysis.samples import verdict

PASSED = verdict(Outcome.PASSED)
ON_HEAD = verdict(Outcome.FAILED, sides=("head",))
ON_BOTH = verdict(Outcome.FAILED, sides=("base", "head"))
ON_BASE = verdict(Outcome.FAILED, sides=("base",))


@pytest.mark.parametrize("outcome", [Outcome.REGRESSED, Outcome.OVER_BUDGET, Outcome.MISSING])
@pytest.mark.parametrize("strict", [False, True])
def test_what_the_gate_refuses_is_one(outcome: Outcome, strict: bool) -> None:
    assert exit_code([PASSED, verdict(outcome)], strict=strict) == ExitCode.REGRESSED


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.IMPROVED, Outcome.NEW])
def test_what_is_well_is_zero(outcome: Outcome) -> None:
    assert exit_code([verdict(outcome), verdict(Outcome.SKIPPED)], strict=True) == ExitCode.PASSED


@pytest.mark.parametrize("outcome", [Outcome.INCONCLUSIVE, Outcome.INCOMPARABLE])
def test_what_is_open_is_four_only_when_strict(outcome: Outcome) -> None:
    assert exit_code([PASSED, verdict(outcome)], strict=False) == ExitCode.PASSED
    assert exit_code([PASSED, verdict(outcome)], strict=True) == ExitCode.UNDECIDED


def test_nothing_at_all_is_never_a_pass() -> None:
    assert exit_code([], strict=False) == ExitCode.NOTHING_MEASURED


def test_all_skipped_or_failed_on_both_is_nothing_measured() -> None:
    assert exit_code([verdict(Outcome.SKIPPED)] * 2, strict=False) == ExitCode.NOTHING_MEASURED
    assert exit_code([verdict(Outcome.SKIPPED), ON_BOTH], strict=False) == ExitCode.NOTHING_MEASURED


def test_a_failure_on_head_alone_is_three_and_any_other_is_only_reported() -> None:
    assert exit_code([PASSED, ON_HEAD], strict=False) == ExitCode.NOTHING_MEASURED
    assert exit_code([PASSED, ON_BOTH, ON_BASE], strict=True) == ExitCode.PASSED


def test_where_several_hold_one_comes_before_three_before_four() -> None:
    open_row, slower = verdict(Outcome.INCONCLUSIVE), verdict(Outcome.REGRESSED)
    assert exit_code([open_row, ON_HEAD, slower], strict=True) == ExitCode.REGRESSED
    assert exit_code([open_row, ON_HEAD], strict=True) == ExitCode.NOTHING_MEASURED


def test_verdicts_may_come_from_a_generator() -> None:
    assert exit_code((one for one in [PASSED, ON_HEAD]), strict=False) == ExitCode.NOTHING_MEASURED
