"""What reports say, before any of them typesets it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from perfbench.model import Outcome, Report, RuntimeStatus, SideSummary, Verdict
from perfbench.reports import outline
from perfbench.reports.outline import EVERY, Skip

from . import sample


def report(*verdicts: Verdict, **changes: object) -> Report:
    return replace(sample.full_report(), verdicts=verdicts, **changes)  # type: ignore[arg-type]


def skipped(name: str, runtime: str, reason: str = "not installed") -> Verdict:
    return sample.told(Outcome.SKIPPED, sample.row(name, runtime), reason)


def passed(name: str, runtime: str = "") -> Verdict:
    return sample.judged(Outcome.PASSED, sample.compared(sample.row(name, runtime), 1.0, 1.0))


def test_rows_come_gravest_first_and_else_in_the_reports_order() -> None:
    entries = outline.entries(sample.full_report())
    assert "".join(entry.mark for entry in entries) == "✗✗✗✗✗✗??↑+≠✓!"
    assert [entry.name for entry in entries[:2]] == [
        "container.Lifecycle.start",
        "command.Exec.overhead (64KiB)",
    ]


def test_rows_that_passed_or_were_skipped_are_not_told_one_by_one() -> None:
    assert not outline.entries(report(passed("a.time_b"), skipped("a.time_c", "podman")))


def test_an_accepted_regression_is_told_though_it_passed() -> None:
    (entry,) = [entry for entry in outline.entries(sample.full_report()) if entry.outcome is Outcome.PASSED]
    assert entry.note.startswith("accepted until 2026-12-31 by A. Author (checksums), accepted.toml:9; ")


def test_findings_are_counted_and_say_where_they_stand() -> None:
    own, expired = sample.FINDINGS
    assert outline.finding_words(report(findings=(own,))) == "1 finding"
    assert outline.finding_words(report(findings=())) == ""
    assert outline.finding(own).startswith("rules:runsc_is_near_runc: runsc takes more")
    assert outline.finding(expired).startswith("accepted.toml:3: container.Cycle")
    assert outline.exit_reason(report(passed("a.time_b"), exit_code=1)) == "2 findings"


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ([0.02], "could have seen a worsening ≥ 2 % in all"),
        ([0.01, 0.02, 0.09], "could have seen a worsening ≥ 2 % in half of them, ≥ 9 % in all"),
        ([0.01, math.inf], "could have seen a worsening ≥ 1 % in 1 of 2"),
        ([0.01, 0.02, math.inf], "could have seen a worsening ≥ 2 % in 2 of 3"),
        ([math.inf], ""),
        ([None], ""),
        ([], ""),
    ],
)
def test_passed_rows_say_how_small_a_worsening_would_have_been_seen(
    effects: list[float | None], expected: str
) -> None:
    rows = [replace(passed(f"a.time_{number}"), effect=effect) for number, effect in enumerate(effects)]
    assert outline.seen_words(report(*rows)) == expected


def test_a_warning_that_every_comparison_has_is_said_once() -> None:
    rows = [
        sample.judged(Outcome.REGRESSED, sample.compared(sample.row(name), 1.0, 2.0, warnings=warnings))
        for name, warnings in (("a.time_b", ("not paired",)), ("a.time_c", ("few", "not paired")))
    ]
    made = report(*rows, warnings=("loud",))
    assert outline.warnings(made) == ["loud", "not paired"]
    assert [entry.note for entry in outline.entries(made)] == [sample.LIMIT, f"{sample.LIMIT}; few"]


def test_the_warning_of_a_single_comparison_stays_with_it() -> None:
    (row,) = [sample.judged(Outcome.REGRESSED, sample.compared(sample.row("a.b"), 1, 2, warnings=("few",)))]
    assert outline.warnings(report(row, warnings=())) == []
    assert outline.entries(report(row))[0].note.endswith("; few")


def test_a_row_without_a_better_or_worse_has_no_smallest_effect() -> None:
    shown = sample.judged(Outcome.PASSED, sample.compared(sample.row("a.track_b"), 1, 1, metric=sample.SCORE))
    assert outline.seen_words(report(shown)) == outline.smallest_effect(shown) == ""


def test_a_row_shows_both_medians_on_one_scale_and_the_change_with_its_interval() -> None:
    comparison = sample.compared(sample.row("a.time_b"), 0.137, 0.189, 0.03)
    verdict = sample.judged(Outcome.REGRESSED, comparison)
    assert outline.values(verdict) == "137 ms → 189 ms"
    assert outline.change(verdict) == "+38 % (+35 … +41)"


def test_a_ratio_without_meaning_is_not_shown() -> None:
    comparison = sample.compared(sample.row("a.track_b"), 0.0, 3.0, metric=sample.SCORE)
    assert outline.change(sample.judged(Outcome.INCONCLUSIVE, comparison)) == ""


def test_a_row_that_cannot_be_compared_says_why_even_if_its_verdict_does_not() -> None:
    comparison = sample.compared(sample.row("a.track_b"), 0.0, 3.0, metric=sample.SCORE)
    (entry,) = outline.entries(report(sample.judged(Outcome.INCOMPARABLE, comparison, rule="")))
    assert entry.note == "a median of zero or below has no ratio"


def test_a_failure_says_on_which_side() -> None:
    verdict = sample.told(Outcome.FAILED, sample.row("a.time_b"), "ValueError: 3", sides=("base", "head"))
    assert [entry.note for entry in outline.entries(report(verdict))] == ["on base and head; ValueError: 3"]


def test_a_ratio_without_an_interval_stands_alone() -> None:
    comparison = replace(sample.compared(sample.row("a.time_b"), 1.0, 1.5), low=math.nan, high=math.nan)
    assert outline.change(sample.judged(Outcome.INCONCLUSIVE, comparison)) == "+50 %"


def test_a_benchmarks_own_unit_is_said_once() -> None:
    comparison = sample.compared(sample.row("a.track_b"), 8100.0, 6900.0, metric=sample.RATE)
    assert outline.values(sample.judged(Outcome.REGRESSED, comparison)) == "8100 → 6900 requests/s"


def test_rows_skipped_alike_become_one_pattern() -> None:
    rows = [skipped(f"container.Lifecycle.time_{phase}", "podman") for phase in ("start", "stop")]
    found = outline.skips(report(*rows, passed("files.Write.time_fsync", "podman")))
    assert found == [Skip("container.*", "podman", "not installed", 2)]


def test_a_pattern_never_covers_a_row_that_was_measured() -> None:
    rows = [skipped("container.A.time_x", "podman"), passed("container.B.time_x", "podman")]
    assert [skip.where for skip in outline.skips(report(*rows))] == ["container.A.*"]
    rows = [skipped("container.A.time_x", "podman"), passed("container.A.time_y", "podman")]
    assert [skip.where for skip in outline.skips(report(*rows))] == ["container.A.x"]


def test_a_runtime_that_is_absent_everywhere_is_told_once() -> None:
    rows = [
        skipped("container.A.time_x", "podman"),
        skipped("files.B.time_x", "podman"),
        passed("files.B.time_x"),
    ]
    assert outline.skips(report(*rows)) == [Skip(EVERY, "podman", "not installed", 2)]


def test_different_reasons_stay_apart() -> None:
    rows = [skipped("a.A.time_x", "podman"), skipped("a.A.time_y", "podman", "no network")]
    assert [(skip.where, skip.reason) for skip in outline.skips(report(*rows))] == [
        ("a.A.x", "not installed"),
        ("a.A.y", "no network"),
    ]


def test_rows_without_a_runtime_are_never_called_every_benchmark_while_others_ran() -> None:
    rows = [sample.told(Outcome.SKIPPED, sample.row(f"{module}.A.time_x"), "no numpy") for module in "ab"]
    found = outline.skips(report(*rows, passed("a.A.time_x", "runc")))
    assert [skip.where for skip in found] == ["a.*", "b.*"]


@pytest.mark.parametrize(
    ("code", "outcomes", "expected"),
    [
        (0, [Outcome.PASSED], "passed"),
        (1, [Outcome.REGRESSED, Outcome.MISSING], "regressed, missing"),
        (1, [Outcome.OVER_BUDGET], "over budget"),
        (2, [], "usage, configuration or a missing component"),
        (3, [], "nothing was measured"),
        (3, [Outcome.FAILED], "failed on head"),
        (4, [Outcome.INCONCLUSIVE, Outcome.PASSED], "inconclusive"),
        (130, [Outcome.PASSED], "interrupted"),
    ],
)
def test_the_exit_code_is_explained_by_what_happened(
    code: int, outcomes: list[Outcome], expected: str
) -> None:
    rows = [sample.told(outcome, sample.row("a.time_b"), "", sides=("head",)) for outcome in outcomes]
    assert outline.exit_reason(report(*rows, exit_code=code, findings=())) == expected


def test_sides_are_named_by_commit_and_by_what_was_asked_for() -> None:
    head = SideSummary("head", "worktree", "3f2c1ab9d0e7", dirty=True)
    assert outline.sides(report(head=head)) == "head 3f2c1ab+changes against base 9d0e77c (main)"
    assert outline.sides(report(head=head, base=SideSummary("base", "9d0e77c", "9d0e77c5a1b2"))).endswith(
        "base 9d0e77c"
    )
    assert outline.sides(report(head=SideSummary("head", "new.json"), base=None)) == "head new.json"
    snapshot = SideSummary("head", "3f2c1ab+changes", "b829d73c0ffe", dirty=True)
    assert outline.sides(report(head=snapshot, base=None)) == "head 3f2c1ab+changes"
    stored = SideSummary("baseline", "release-1.2 (main)", "0d1e2f3a4b5c")
    assert outline.sides(report(head=head, base=stored)).endswith(
        "against baseline release-1.2 (main) at 0d1e2f3"
    )


def test_one_engines_runtimes_stand_together_and_absent_ones_are_left_out() -> None:
    assert (
        outline.machine(sample.full_report()) == "2 cores, bubblewrap, runc, Docker 20.10 (runc, crun, runsc)"
    )


def test_a_machine_without_runtimes_is_its_cores() -> None:
    environment = replace(sample.ENVIRONMENT, cores=1, engine="")
    runtimes = (RuntimeStatus("process", True), RuntimeStatus("podman", False))
    assert outline.machine(report(environment=environment, runtimes=runtimes)) == "1 core"


def test_what_was_not_measured_is_not_told() -> None:
    assert outline.cost(report(noise_floor=math.nan, seconds=252.0)) == "4 min 12 s"
    assert outline.cost(report(noise_floor=0.008, seconds=math.nan)) == "noise 0.8 %"
