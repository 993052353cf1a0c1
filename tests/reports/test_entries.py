"""Rows that are told by themselves: in which order, and in which words."""

from __future__ import annotations

import math
from dataclasses import replace

from perfbench.model import Outcome, Report, Verdict
from perfbench.reports.entries import change, entries, values

from . import sample


def report(*verdicts: Verdict, **changes: object) -> Report:
    return replace(sample.full_report(), verdicts=verdicts, **changes)  # type: ignore[arg-type]


def skipped(name: str, runtime: str, reason: str = "not installed") -> Verdict:
    return sample.told(Outcome.SKIPPED, sample.row(name, runtime), reason)


def passed(name: str, runtime: str = "") -> Verdict:
    return sample.judged(Outcome.PASSED, sample.compared(sample.row(name, runtime), 1.0, 1.0))


def test_rows_come_gravest_first_and_else_in_the_reports_order() -> None:
    told = entries(sample.full_report())
    assert "".join(entry.mark for entry in told) == "✗✗✗✗✗✗??↑+≠✓!"
    assert [entry.name for entry in told[:2]] == [
        "container.Lifecycle.start",
        "command.Exec.overhead (64KiB)",
    ]


def test_rows_that_passed_or_were_skipped_are_not_told_one_by_one() -> None:
    assert not entries(report(passed("a.time_b"), skipped("a.time_c", "podman")))


def test_an_accepted_regression_is_told_though_it_passed() -> None:
    (entry,) = [entry for entry in entries(sample.full_report()) if entry.outcome is Outcome.PASSED]
    assert entry.note.startswith("accepted until 2026-12-31 by A. Author (checksums), accepted.toml:9; ")


def test_a_row_shows_both_medians_on_one_scale_and_the_change_with_its_interval() -> None:
    comparison = sample.compared(sample.row("a.time_b"), 0.137, 0.189, 0.03)
    verdict = sample.judged(Outcome.REGRESSED, comparison)
    assert values(verdict) == "137 ms → 189 ms"
    assert change(verdict) == "+38 % (+35 … +41)"


def test_a_ratio_without_meaning_is_not_shown() -> None:
    comparison = sample.compared(sample.row("a.track_b"), 0.0, 3.0, metric=sample.SCORE)
    assert change(sample.judged(Outcome.INCONCLUSIVE, comparison)) == ""


def test_a_row_that_cannot_be_compared_says_why_even_if_its_verdict_does_not() -> None:
    comparison = sample.compared(sample.row("a.track_b"), 0.0, 3.0, metric=sample.SCORE)
    (entry,) = entries(report(sample.judged(Outcome.INCOMPARABLE, comparison, rule="")))
    assert entry.note == "a median of zero or below has no ratio"


def test_a_failure_says_on_which_side() -> None:
    verdict = sample.told(Outcome.FAILED, sample.row("a.time_b"), "ValueError: 3", sides=("base", "head"))
    assert [entry.note for entry in entries(report(verdict))] == ["on base and head; ValueError: 3"]


def test_a_ratio_without_an_interval_stands_alone() -> None:
    comparison = replace(sample.compared(sample.row("a.time_b"), 1.0, 1.5), low=math.nan, high=math.nan)
    assert change(sample.judged(Outcome.INCONCLUSIVE, comparison)) == "+50 %"


def test_a_benchmarks_own_unit_is_said_once() -> None:
    comparison = sample.compared(sample.row("a.track_b"), 8100.0, 6900.0, metric=sample.RATE)
    assert values(sample.judged(Outcome.REGRESSED, comparison)) == "8100 → 6900 requests/s"
