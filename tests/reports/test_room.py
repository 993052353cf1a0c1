"""Fitting a text into a limit: whole lines, from the front, and a word on what is missing."""

from __future__ import annotations

from perfbench.reports.room import LONGEST_NOTICE, Block, Fold, fill

LINES = ["a" * 9] * 10
"""With its line break each is ten bytes."""


def filled(room: int, *parts: Block | Fold) -> str:
    """The text, where the parts have so many bytes for themselves."""
    return fill(["open"], parts, "close", room + len("open\n\nclose\n\n") + LONGEST_NOTICE)


def test_what_fits_stands_between_opening_and_closing() -> None:
    assert filled(100, Block("rows", ["one", "two"])) == "open\n\none\ntwo\n\nclose\n"


def test_a_block_without_lines_is_not_there() -> None:
    assert filled(100, Block("rows", [], "| head |\n")) == "open\n\nclose\n"


def test_lines_that_do_not_fit_are_counted_by_what_they_are() -> None:
    text = filled(52, Block("rows", LINES), Block("warnings", LINES[:2]))
    assert text.count("a" * 9) == 5
    assert "Left out for want of room: 5 rows, 2 warnings." in text


def test_a_fold_is_closed_whatever_is_left_out_of_it() -> None:
    text = filled(90, Fold("more", [Block("rows", LINES)]))
    assert "<details>\n<summary>more</summary>" in text
    assert text.index("a" * 9) < text.index("</details>") < text.index("Left out")


def test_a_fold_in_which_nothing_fits_is_not_there() -> None:
    text = filled(40, Fold("more", [Block("rows", LINES)]), Block("facts", ["small"]))
    assert "<details>" not in text
    assert "small" in text
