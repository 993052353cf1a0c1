"""Comparisons, held against sums that are counted one by one."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.profiling.allocations import By, Filters, MovedStack, Place
from perfbench.profiling.allocations.comparison import compared
from perfbench.profiling.allocations.tracing import Held

places = st.tuples(st.sampled_from(["/a.py", "/b.py", "/lib/c.py"]), st.integers(1, 3))
helds = st.dictionaries(
    st.lists(places, min_size=1, max_size=3).map(tuple),
    st.tuples(st.integers(0, 10_000), st.integers(0, 9)),
    max_size=8,
)
ways: st.SearchStrategy[By] = st.sampled_from(["line", "file", "traceback"])


@settings(max_examples=40)
@given(helds, helds, ways)
def test_the_places_add_up_to_what_moved(before: Held, after: Held, by: By) -> None:
    found = compared(before, after, by, Filters())
    assert found.bytes == sum(size for size, _ in after.values()) - sum(size for size, _ in before.values())
    assert found.bytes == sum(one.bytes for one in found.moved)
    assert found.blocks == sum(one.blocks for one in found.moved)
    assert [abs(one.bytes) for one in found.moved] == sorted(
        (abs(one.bytes) for one in found.moved), reverse=True
    )


@settings(max_examples=40)
@given(helds, helds)
def test_a_file_moves_by_what_its_lines_move(before: Held, after: Held) -> None:
    files: Counter[str] = Counter()
    for one in compared(before, after, "line", Filters()).moved:
        files[one.stack[0].file] += one.bytes
    by_file = {one.stack[0].file: one.bytes for one in compared(before, after, "file", Filters()).moved}
    assert {file: size for file, size in files.items() if size} == {
        file: size for file, size in by_file.items() if size
    }


@settings(max_examples=40)
@given(helds, helds, ways)
def test_the_way_back_is_the_opposite(before: Held, after: Held, by: By) -> None:
    there, back = compared(before, after, by, Filters()), compared(after, before, by, Filters())
    assert {one.stack: (one.bytes, one.blocks) for one in there.moved} == {
        one.stack: (-one.bytes, -one.blocks) for one in back.moved
    }


def test_small_places_count_and_are_not_shown() -> None:
    after: Held = {(("/a.py", 1),): (5000, 1), (("/a.py", 2),): (10, 1)}
    found = compared({}, after, "line", Filters(smallest="1 KiB"))
    assert (found.bytes, found.blocks) == (5010, 2)
    assert found.moved == (MovedStack((Place("/a.py", 1),), 5000, 1, 5000, 1),)


def test_what_the_filters_leave_out_does_not_count() -> None:
    after: Held = {(("/a.py", 1),): (5000, 1), (("/b.py", 2),): (10, 1)}
    assert compared({}, after, "line", Filters(exclude="a.py")).bytes == 10


def test_the_text_shows_sums_signs_and_stacks() -> None:
    before: Held = {(("/a.py", 1), ("/b.py", 2)): (4096, 4)}
    after: Held = {(("/a.py", 3), ("/b.py", 2)): (1024, 1)}
    text = str(compared(before, after, "traceback", Filters(), names=("idle", "busy")))
    assert text.splitlines() == [
        "−3 KiB in −3 blocks, from idle to busy",
        "  −4 KiB  −4 blocks  /a.py:1",
        "                     /b.py:2",
        "  +1 KiB  +1 blocks  /a.py:3",
        "                     /b.py:2",
    ]


def test_the_text_says_how_many_places_it_does_not_show() -> None:
    after: Held = {(("/a.py", line),): (line, 1) for line in range(1, 30)}
    found = compared({}, after, "line", Filters())
    assert found.text(most=4).splitlines()[-1] == "  and 25 more"
    assert len(str(found).splitlines()) == 12


def test_nothing_can_be_compared_by_something_else() -> None:
    with pytest.raises(UsageError, match="line, file, traceback"):
        compared({}, {}, "colour", Filters())  # type: ignore[arg-type]
