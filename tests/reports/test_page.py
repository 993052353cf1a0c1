"""How text is laid out: wrapped by cells, never cut, and measured as rich measures it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from perfbench.reports.glyphs import ASCII
from perfbench.reports.names import plain
from perfbench.reports.page import Page, cells

from . import paper


def page(width: int = 80) -> Page:
    return Page(paper.log(width)[0])


@given(st.text())
def test_a_printable_text_is_as_wide_as_a_terminal_shows_it(text: str) -> None:
    assert cells(plain(text)) == cell_len(plain(text))


def test_our_own_signs_take_one_cell_each() -> None:
    assert {cells(sign) for sign in ASCII} == {1}


@given(st.text(alphabet="ab 日µ→"), st.integers(10, 40))
def test_wrapping_loses_nothing_but_spaces_and_keeps_to_the_width(text: str, width: int) -> None:
    lines = page().wrap(plain(text), width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())


def test_words_stay_whole_where_they_fit() -> None:
    assert page().wrap("one two three four", 10) == ["one two", "three four"]


def test_a_word_wider_than_the_page_is_folded() -> None:
    assert page().wrap("a " + "日" * 6, 10) == ["a", "日日日日日", "日"]
