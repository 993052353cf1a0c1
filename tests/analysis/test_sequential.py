from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.sequential import Doubt, doubt, next_look, share, shares, undecided
from perfbench.model import Outcome, Verdict
from tests.analysis.samples import comparison, row, verdict


def open_row(low: float, ratio: float, high: float, name: str = "module.time_it") -> Verdict:
    found = comparison(ratio, low, high, benchmark=row(name))
    return Verdict(row(name), found.metric, Outcome.INCONCLUSIVE, "", "", found, limit=0.05)


CHANGED = open_row(1.06, 1.10, 1.15, "module.time_changed")
FASTER = open_row(0.80, 0.85, 0.90, "module.time_faster")
LEANING = open_row(1.01, 1.08, 1.15, "module.time_leaning")
UNCHANGED = open_row(0.95, 1.01, 1.07, "module.time_unchanged")


def test_a_row_that_seems_changed_is_told_from_one_that_leans_and_one_that_does_not() -> None:
    assert [doubt(one) for one in (CHANGED, FASTER, LEANING, UNCHANGED)] == [
        Doubt.CHANGED,
        Doubt.CHANGED,
        Doubt.LEANING,
        Doubt.UNCHANGED,
    ]


def test_a_row_without_a_comparison_seems_unchanged() -> None:
    assert doubt(verdict(Outcome.INCONCLUSIVE)) is Doubt.UNCHANGED


def test_what_seems_most_changed_is_measured_again_first() -> None:
    found = undecided([UNCHANGED, LEANING, CHANGED, FASTER])
    assert [one.name.removeprefix("module.time_") for one in found] == [
        "changed",
        "faster",
        "leaning",
        "unchanged",
    ]


def test_rows_of_less_doubt_are_sooner_let_be() -> None:
    rows = [UNCHANGED, LEANING, CHANGED]
    assert undecided(rows, 0.2) == (CHANGED.benchmark, LEANING.benchmark, UNCHANGED.benchmark)
    assert undecided(rows, 2.0) == (CHANGED.benchmark, LEANING.benchmark)
    assert undecided(rows, 5.0) == (CHANGED.benchmark,)


def test_what_is_decided_is_left_alone() -> None:
    others = [outcome for outcome in Outcome if outcome is not Outcome.INCONCLUSIVE]
    assert undecided(verdict(outcome) for outcome in others) == ()


def test_each_row_comes_once_and_in_order() -> None:
    names = ["module.time_b", "module.time_a", "module.time_b"]
    verdicts: list[Verdict] = [verdict(Outcome.INCONCLUSIVE, name=name) for name in names]
    assert undecided(verdicts) == (row("module.time_b"), row("module.time_a"))


def test_looks_come_after_half_as_much_data_again() -> None:
    looks = [10]
    while looks[-1] < 120:
        looks.append(next_look(looks[-1]))
    assert looks == [10, 15, 23, 35, 53, 80, 120]


def test_each_look_may_spend_half_of_what_is_left() -> None:
    assert [share(rounds, 10) for rounds in (10, 15, 23, 35)] == [1 / 2, 1 / 4, 1 / 8, 1 / 16]


@given(st.integers(1, 50))
def test_scheduled_looks_never_spend_more_than_the_whole(first: int) -> None:
    spent, rounds = share(first, first), first
    while rounds < 500:
        rounds = next_look(rounds)
        spent += share(rounds, first)
    assert spent <= 1.0


def test_a_look_that_the_deadline_brought_forward_spends_what_the_last_one_did() -> None:
    assert share(13, 10) == share(10, 10)
    assert share(7, 10) == share(10, 10)


def test_a_stored_job_began_with_as_many_rounds_as_its_shortest_row_has() -> None:
    rows = [comparison(benchmark=row(f"module.time_{rounds}"), rounds=rounds) for rounds in (10, 15, 23)]
    rows.append(comparison(benchmark=row("module.time_apart"), rounds=3, paired=False))
    assert list(shares(rows).values()) == [1 / 2, 1 / 4, 1 / 8]
    assert shares([]) == {}
