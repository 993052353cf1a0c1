"""The report in a pull request: readable there, short enough for it, and nothing in a name turns into markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model import Finding, Outcome, Report
from perfbench.reports import markdown
from perfbench.reports.names import plain

from . import sample
from .golden import assert_golden

COLUMNS = 7


@pytest.mark.parametrize("make", [sample.full_report, sample.head_only_report, sample.baseline_report])
def test_the_report_reads_as_it_did(make: Callable[[], Report]) -> None:
    assert_golden(f"{make.__name__.removesuffix('_report')}.md", markdown.render(make()))


def test_a_hidden_marker_comes_first_and_then_the_verdict() -> None:
    marker, verdict, *_ = markdown.render(sample.full_report()).splitlines()
    assert marker == markdown.MARKER
    assert verdict.startswith("**2 findings** · **3 regressed** · **1 over budget** · ")


def test_passed_and_skipped_rows_are_folded() -> None:
    text = markdown.render(sample.full_report())
    assert text.count("<details>\n<summary>") == text.count("\n</details>") == 3
    assert text.index("container.Lifecycle.start") < text.index("<details>") < text.index("until_answer")


def crowd(rows: int, outcome: Outcome = Outcome.REGRESSED) -> Report:
    """A report of so many rows that came to one outcome."""
    found = [
        sample.judged(outcome, sample.compared(sample.row(f"bench.Crowd.time_{n}"), 1.0, 1.2))
        for n in range(rows)
    ]
    return replace(sample.full_report(), verdicts=tuple(found))


@pytest.mark.parametrize("outcome", [Outcome.REGRESSED, Outcome.PASSED, Outcome.SKIPPED])
def test_a_report_too_long_for_a_comment_is_cut_at_a_line_and_says_what_is_left_out(outcome: Outcome) -> None:
    text = markdown.render(crowd(3000, outcome))
    assert len(text.encode()) <= markdown.COMMENT_LIMIT
    assert text.count("<details>") == text.count("</details>")
    if outcome is not Outcome.SKIPPED:
        left_out = text.splitlines()[-3]
        shown = text.count("bench.Crowd.")
        assert left_out.startswith(f"Left out for want of room: {3000 - shown} ")
    assert text.endswith("exit 1: regressed, 2 findings\n" if outcome is Outcome.REGRESSED else "\n")


def test_a_report_that_fits_leaves_nothing_out() -> None:
    assert "Left out" not in markdown.render(crowd(100))
    assert "Left out" not in markdown.render(crowd(3000), limit=1 << 20)


@given(st.integers(3000, 20_000), st.integers(0, 150))
def test_no_report_is_longer_than_its_limit(limit: int, rows: int) -> None:
    report = replace(crowd(rows), warnings=("µ" * 700,) * (rows // 10))
    assert len(markdown.render(report, limit).encode()) <= limit


def test_an_empty_report_says_that_nothing_was_measured() -> None:
    text = markdown.render(replace(sample.head_only_report(), verdicts=(), exit_code=3))
    assert text.startswith(f"{markdown.MARKER}\n**nothing was measured**\n")
    assert text.endswith("exit 3: nothing was measured\n")


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


@settings(deadline=None)
@given(st.text(alphabet="ab1.-+=)`|\\<>[]()*_~!@&# \n", max_size=30))
def test_no_finding_and_no_warning_becomes_markup(text: str) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("commonmark")
    report = replace(
        sample.baseline_report(), findings=(Finding("check", text),), warnings=(text, text), exit_code=1
    )
    rendered = markdown.render(report)
    tokens = parser.parse(rendered[: rendered.index("<details>")])
    blocks = {token.type.removesuffix("_open") for token in tokens if token.nesting == 1}
    inline = {child.type for token in tokens[4:] for child in token.children or ()}
    assert blocks <= {"paragraph", "bullet_list", "list_item", "blockquote"}
    assert sum(token.type == "bullet_list_open" for token in tokens) == 1
    assert inline <= {"text", "text_special", "strong_open", "strong_close", "softbreak"}
