"""What a vanished row has probably become."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.renames import Trace, renamed, with_renames
from perfbench.model import Outcome
from tests.analysis.samples import SIZE, TIME, row, verdict

OLD = Trace(row("parse.Reader.time_lines", "10"), TIME, 0.5)


def test_a_near_name_with_a_like_value_is_the_same_row() -> None:
    new = Trace(row("parse.Reader.time_read_lines", "10"), TIME, 0.55)
    assert renamed([OLD], [new]) == {OLD.benchmark: new.benchmark}


def test_a_near_name_with_another_value_metric_or_nothing_in_common_is_not() -> None:
    other = Trace(row("parse.Reader.time_lines", "100"), TIME, 5.0)
    sized = Trace(row("parse.Reader.time_lines", "10"), SIZE, 0.5)
    apart = Trace(row("web.Server.time_start"), TIME, 0.5)
    assert renamed([OLD], [other, sized, apart]) == {}


def test_the_same_code_is_the_same_row_whatever_it_is_called() -> None:
    old = replace(OLD, version="1a2b")
    near = Trace(row("parse.Reader.time_line", "10"), TIME, 0.5)
    same = Trace(row("io.Lines.time_all", "10"), TIME, 0.5, version="1a2b")
    assert renamed([old], [near, same]) == {old.benchmark: same.benchmark}


def test_without_values_a_name_must_be_nearer() -> None:
    old = Trace(row("parse.Reader.time_lines"), TIME)
    assert renamed([old], [Trace(row("parse.Reader.time_all_of"), TIME)]) == {}
    near = Trace(row("parse.Reader.time_lines2"), TIME)
    assert renamed([old], [near]) == {old.benchmark: near.benchmark}


def test_one_new_row_is_one_old_one_and_the_nearest_first() -> None:
    olds = [Trace(row(f"a.time_thing_{letter}"), TIME, 1.0) for letter in "ab"]
    news = [Trace(row(f"b.time_thing_{letter}"), TIME, 1.0) for letter in "ba"]
    assert renamed(olds, news) == {
        olds[0].benchmark: news[1].benchmark,
        olds[1].benchmark: news[0].benchmark,
    }


def test_both_rows_name_each_other() -> None:
    gone, new = verdict(Outcome.MISSING, name="a.time_old"), verdict(Outcome.NEW, name="a.time_older")
    gone, new = replace(gone, reason="not in head"), replace(new, reason="not in base")
    traces = [Trace(found.benchmark, TIME, 1.0) for found in (gone, new)]
    said = with_renames([gone, new], traces[:1], traces[1:])
    assert said[0].reason == "not in head; probably renamed to a.time_older"
    assert said[1].reason == "not in base; probably a.time_old under a new name"
    assert with_renames([gone, new], [], []) == (gone, new)


TRACES = st.lists(
    st.builds(Trace, st.text(max_size=12).map(row), st.sampled_from((TIME, SIZE)), st.floats()), max_size=8
)


@given(TRACES, TRACES)
def test_any_names_and_values_give_a_pairing(gone: list[Trace], new: list[Trace]) -> None:
    names = renamed(gone, new)
    assert len(set(names.values())) == len(names)
    assert set(names) <= {one.benchmark for one in gone}
    assert set(names.values()) <= {one.benchmark for one in new}
