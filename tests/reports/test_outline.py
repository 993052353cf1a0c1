"""What reports say of the whole run, before any of them typesets it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from perfbench.model import Outcome, Report, RuntimeStatus, SideSummary, Verdict
from perfbench.reports import outline
from perfbench.reports.entries import (
    entries,
    smallest_effect,
)

from . import sample


def report(*verdicts: Verdict, **changes: object) -> Report:
    return replace(sample.full_report(), verdicts=verdicts, **changes)  # type: ignore[arg-type]


def passed(name: str, runtime: str = "") -> Verdict:
    return sample.judged(Outcome.PASSED, sample.compared(sample.row(name, runtime), 1.0, 1.0))


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
    assert [entry.note for entry in entries(made)] == [sample.LIMIT, f"{sample.LIMIT}; few"]


def test_the_warning_of_a_single_comparison_stays_with_it() -> None:
    (row,) = [sample.judged(Outcome.REGRESSED, sample.compared(sample.row("a.b"), 1, 2, warnings=("few",)))]
    assert outline.warnings(report(row, warnings=())) == []
    assert entries(report(row))[0].note.endswith("; few")


def test_a_row_without_a_better_or_worse_has_no_smallest_effect() -> None:
    shown = sample.judged(Outcome.PASSED, sample.compared(sample.row("a.track_b"), 1, 1, metric=sample.SCORE))
    assert outline.seen_words(report(shown)) == smallest_effect(shown) == ""


@pytest.mark.parametrize(
    ("code", "outcomes", "expected"),
    [
        (0, [Outcome.PASSED], "passed"),
        (0, [Outcome.PASSED, Outcome.INCONCLUSIVE], "passed"),
        (0, [Outcome.INCONCLUSIVE], "nothing could be judged, so nothing failed; --strict fails here"),
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
