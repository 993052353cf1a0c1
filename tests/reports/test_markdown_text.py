"""Names and reasons in Markdown: shown as they are."""

from __future__ import annotations

import pytest

from perfbench.reports import markdown_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("`a` *b* _c_", r"\`a\` \*b\* \_c\_"),
        ("<b>&amp;", r"\<b\>\&amp;"),
        ("[a](b)", r"\[a\](b)"),
        ("@team", "@\N{ZERO WIDTH SPACE}team"),
        ("#12", "\\#\N{ZERO WIDTH SPACE}12"),
        ("GH-12", "GH\N{ZERO WIDTH SPACE}-12"),
        ("https://a.example", "https:\N{ZERO WIDTH SPACE}//a.example"),
        ("www.example", "www\N{ZERO WIDTH SPACE}.example"),
    ],
)
def test_active_characters_are_escaped(text: str, expected: str) -> None:
    assert markdown_text.escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("- a", r"\- a"), ("12. a", r"12\. a"), ("3) a", r"3\) a"), ("==", r"\=="), ("1 a", "1 a")],
)
def test_a_line_is_no_list_and_no_heading(text: str, expected: str) -> None:
    assert markdown_text.line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "`a`"),
        ("a|b", r"`a\|b`"),
        ("a`b", "`` a`b ``"),
        ("``", "``` `` ```"),
        (r"a\|b", r"a\\\|b"),
        ("", ""),
    ],
)
def test_code_is_fenced_by_more_backticks_than_it_holds(text: str, expected: str) -> None:
    assert markdown_text.code(text) == expected
