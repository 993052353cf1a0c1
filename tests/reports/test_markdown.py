"""The report in a pull request: readable there, and nothing in a name turns into markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model import Outcome, Report
from perfbench.reports import markdown
from perfbench.reports.names import plain

from . import sample
from .golden import assert_golden

COLUMNS = 6


@pytest.mark.parametrize("make", [sample.full_report, sample.head_only_report, sample.baseline_report])
def test_the_report_reads_as_it_did(make: Callable[[], Report]) -> None:
    assert_golden(f"{make.__name__.removesuffix('_report')}.md", markdown.render(make()))


def test_the_first_line_is_the_verdict() -> None:
    assert markdown.render(sample.full_report()).startswith("**3 regressed** · **1 over budget** · ")


def test_passed_and_skipped_rows_are_folded() -> None:
    text = markdown.render(sample.full_report())
    assert text.count("<details>\n<summary>") == text.count("\n</details>") == 3
    assert text.index("container.Lifecycle.start") < text.index("<details>") < text.index("until_answer")


def test_an_empty_report_says_that_nothing_was_measured() -> None:
    text = markdown.render(replace(sample.head_only_report(), verdicts=(), exit_code=3))
    assert text.startswith("**nothing was measured**\n")
    assert text.endswith("exit 3: nothing was measured\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("`a` *b* _c_", r"\`a\` \*b\* \_c\_"),
        ("<b>&amp;", r"\<b\>\&amp;"),
        ("[a](b)", r"\[a\](b)"),
        ("@team", "@\N{ZERO WIDTH SPACE}team"),
    ],
)
def test_active_characters_are_escaped(text: str, expected: str) -> None:
    assert markdown.escape(text) == expected


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
    assert markdown.code(text) == expected


@settings(deadline=None)
@given(
    st.text(alphabet="ab`|\\<>[]()*_~!@&# \n\x1b-", max_size=30),
    st.text(alphabet="x`|\\<i>[]*_ ", max_size=30),
)
def test_no_name_and_no_reason_becomes_markup(name: str, reason: str) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    benchmark = sample.row(f"module.{name}", "runc", param=name)
    verdict = sample.told(Outcome.FAILED, benchmark, reason, sides=("head",))
    text = markdown.render(replace(sample.full_report(), verdicts=(verdict,), warnings=()))
    tokens = parser.parse(text[: text.index("<details>")])
    cells = [
        token.children for token, opened in zip(tokens[1:], tokens, strict=False) if opened.type == "td_open"
    ]
    allowed = {"text", "code_inline", "text_special"}
    assert len(cells) == COLUMNS
    assert {child.type for children in cells for child in children} <= allowed
    shown = "".join(child.content for child in cells[-1])
    assert " ".join(shown.split()) == "; ".join(filter(None, ["on head", plain(reason)]))
