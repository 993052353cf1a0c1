"""Which changes raise an alert, which are silent, and how one is known again."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.alerts import ToldAlert, by_commit, raise_alerts, remembered, size_of
from perfbench.model import Acceptance
from perfbench.model_history import Alert, AlertRule, Direction, PlacedChange
from tests.analysis.changes import change, commit, placed
from tests.analysis.samples import RATE, SHOWN, TIME

TODAY = "2026-11-29"


def accepting(
    pattern: str = "module.*", metric: str = "time", *, share: float | None = None, limit: float | None = None
) -> Acceptance:
    return Acceptance(pattern, metric, "safer parsing", "Ann", "2026-11-01", "2026-12-31", share, limit)


def raised(
    *changes: PlacedChange,
    rules: tuple[AlertRule, ...] = (),
    accepted: tuple[Acceptance, ...] = (),
    told: tuple[ToldAlert, ...] = (),
    today: str = TODAY,
) -> tuple[Alert, ...]:
    return raise_alerts(changes, rules, accepted, today, told)


def test_a_large_and_sure_regression_is_an_open_alert_by_the_default_rule() -> None:
    (alert,) = raised(placed(1.2))
    assert alert.is_open
    assert (alert.rule, alert.accepted, alert.told) == (AlertRule(), "", False)


@pytest.mark.parametrize("silent", [placed(1.04), placed(1.2, sureness=0.98), placed(0.5)])
def test_small_unsure_and_better_changes_raise_none(silent: PlacedChange) -> None:
    assert raised(silent) == ()


def test_a_change_of_exactly_the_size_counts() -> None:
    assert raised(placed(1.05))
    assert raised(placed(1 / 1.05, metric=RATE, direction=Direction.REGRESSION))


def test_a_metric_without_a_better_raises_one_either_way() -> None:
    assert len(raised(placed(1.2, metric=SHOWN), placed(0.8, metric=SHOWN, at=9))) == 2


def test_improvements_count_where_a_rule_asks_for_them() -> None:
    (alert,) = raised(placed(0.5), rules=(AlertRule(improvements=True),))
    assert alert.placed.change.direction is Direction.IMPROVEMENT


def test_the_last_rule_that_fits_a_row_counts() -> None:
    rules = (
        AlertRule("module.*", size=0.5),
        AlertRule("*.time_it", size=0.1),
        AlertRule("other.*", size=0.01),
    )
    (alert,) = raised(placed(1.2), placed(1.2, name="module.Class.time_other"), rules=rules)
    assert alert.rule is rules[1]


def test_a_row_that_no_rule_fits_has_the_default_one() -> None:
    (alert,) = raised(placed(1.06), rules=(AlertRule("other.*", size=9.0),))
    assert alert.rule == AlertRule()


def test_a_recovered_regression_is_an_alert_that_is_not_open() -> None:
    (alert,) = raised(placed(1.2, recovered=9))
    assert not alert.is_open


@pytest.mark.parametrize(
    ("entry", "silent"),
    [
        (accepting(share=0.25), True),
        (accepting(share=0.20), True),  # the interval reaches across: no check would fail either
        (accepting(share=0.15), False),
        (accepting(limit=0.013), True),
        (accepting(limit=0.011), False),
        (accepting("other.*", share=0.5), False),
        (accepting(metric="mem", share=0.5), False),
        (replace(accepting(share=0.5), expires="2026-11-28"), False),
        (replace(accepting(share=0.5), expires=TODAY), True),
    ],
)
def test_an_acceptance_silences_what_it_would_let_pass_in_a_check(entry: Acceptance, silent: bool) -> None:
    (alert,) = raised(placed(1.2), accepted=(entry,))
    assert alert.accepted == ("safer parsing" if silent else "")
    assert alert.is_open is not silent


def test_the_last_valid_acceptance_that_fits_counts() -> None:
    (alert,) = raised(placed(1.2), accepted=(accepting(share=0.5), accepting(share=0.1)))
    assert alert.is_open


def test_an_acceptance_of_a_metric_where_more_is_better_turns_the_ratio() -> None:
    worse = placed(0.8, metric=RATE, direction=Direction.REGRESSION)
    assert raised(worse, accepted=(accepting(metric="track", share=0.3),))[0].accepted
    assert not raised(worse, accepted=(accepting(metric="track", share=0.2),))[0].accepted


def test_an_acceptance_of_a_metric_without_a_better_holds_both_ways() -> None:
    for ratio in (1.2, 1 / 1.2):
        either = placed(ratio, metric=SHOWN)
        assert raised(either, accepted=(accepting(metric="track", share=0.3),))[0].accepted
        assert not raised(either, accepted=(accepting(metric="track", share=0.1),))[0].accepted


def test_where_a_ratio_has_no_meaning_a_share_accepts_nothing_and_a_limit_does() -> None:
    none = replace(change(direction=Direction.REGRESSION), before=0.0, after=3.0, difference=3.0,
                   ratio=math.nan, low=math.nan, high=math.nan)  # fmt: skip
    row = replace(placed(), change=none)
    assert size_of(none) == math.inf
    assert raised(row, accepted=(accepting(share=9.0),))[0].is_open
    assert not raised(row, accepted=(accepting(limit=4.0),))[0].is_open


def told_of(*alerts: Alert) -> tuple[ToldAlert, ...]:
    return remembered(alerts, (), [alert.id for alert in alerts])


def test_the_same_change_has_the_same_id_in_every_run_and_others_have_others() -> None:
    base = raised(placed())
    assert raised(placed(ratio=1.3))[0].id == base[0].id
    others = [
        placed(at=6),
        placed(name="a.time_b"),
        placed(machine="other"),
        placed(metric=replace(TIME, name="p95")),
    ]
    assert len({base[0].id, *(alert.id for other in others for alert in raised(other))}) == 5


def test_an_alert_whose_place_moves_within_its_range_keeps_its_id_and_is_told_once() -> None:
    first = raised(placed(at=5, within=(4, 5, 6)))
    (moved,) = raised(placed(at=7, within=(6, 7)), told=told_of(*first))
    assert (moved.id, moved.told) == (first[0].id, True)
    memory = remembered([moved], told_of(*first), ())
    assert len(memory) == 1
    assert raised(placed(at=8, within=(7, 8)), told=memory)[0].id == first[0].id


def test_an_alert_keeps_its_id_when_a_commit_within_its_range_is_measured_later() -> None:
    first = raised(placed(at=9, since=4, between=(5, 6, 7, 8)))
    (found,) = raised(placed(at=7, since=6), told=told_of(*first))
    assert (found.id, found.told) == (first[0].id, True)


def test_a_second_change_next_to_a_told_one_is_told_as_well() -> None:
    first = raised(placed(at=5))
    for order in ((placed(at=5), placed(at=6)), (placed(at=6), placed(at=5))):
        again = {alert.placed.commit: alert for alert in raised(*order, told=told_of(*first))}
        assert (again[commit(5)].id, again[commit(5)].told) == (first[0].id, True)
        assert not again[commit(6)].told
        assert len({alert.id for alert in again.values()}) == 2


def test_the_way_back_is_another_alert_than_the_way_there() -> None:
    there = raised(placed(1.2, metric=SHOWN, direction=Direction.REGRESSION))
    (back,) = raised(placed(0.8), rules=(AlertRule(improvements=True),), told=told_of(*there))
    assert back.id != there[0].id
    assert not back.told


def test_what_was_seen_and_not_delivered_is_not_told_and_keeps_its_id() -> None:
    first = raised(placed(at=5, within=(5, 6)))
    (found,) = raised(placed(at=7, since=6), told=remembered(first, (), ()))
    assert (found.id, found.told) == (first[0].id, False)


def test_a_change_that_two_branches_share_is_one_alert_open_while_it_is_open_on_either() -> None:
    on_main, on_old = placed(branch="main", recovered=9), placed(branch="1.x")
    (alert,) = raised(on_main, on_old)
    assert alert.is_open
    (alert,) = raised(on_main, replace(on_old, recovered_at=commit(8)))
    assert not alert.is_open


def test_a_memory_keeps_what_it_does_not_see_and_puts_what_it_saw_last() -> None:
    old, new = raised(placed(at=3)), raised(placed(at=5))
    memory = remembered(old, told_of(*old, *new), ())
    assert [one.id for one in memory] == [new[0].id, old[0].id]
    assert all(one.told for one in memory)


def test_rows_that_changed_at_one_commit_are_one_group_the_largest_first_the_newest_group_first() -> None:
    groups = by_commit(raised(placed(1.1, at=5), placed(1.5, at=5, name="b.time_b"), placed(1.2, at=8)))
    assert [group.commit for group in groups] == [commit(8), commit(5)]
    assert [round(alert.placed.change.ratio, 1) for alert in groups[1].alerts] == [1.5, 1.1]


@given(
    st.lists(
        st.tuples(st.floats(0.1, 10), st.integers(1, 30), st.booleans(), st.sampled_from(["main", "1.x"])),
        max_size=12,
        unique_by=lambda one: (one[0] > 1, one[1], one[3]),
    )
)
def test_whatever_changed_every_alert_has_its_own_id_and_is_told_once(
    drawn: list[tuple[float, int, bool, str]],
) -> None:
    changes = [
        placed(ratio, at=at, within=(at, at + 1) if wide else (), branch=branch)
        for ratio, at, wide, branch in drawn
    ]
    first = raised(*changes)
    assert len({alert.id for alert in first}) == len(first)
    again = raised(*changes, told=told_of(*first))
    assert {alert.id for alert in again} == {alert.id for alert in first}
    assert all(alert.told for alert in again)
