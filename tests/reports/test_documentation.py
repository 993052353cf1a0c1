"""docs/reports.md says what is so."""

from __future__ import annotations

from pathlib import Path

from perfbench.commands.outputs import FORMS
from perfbench.reports import markdown
from perfbench.reports.glyphs import ASCII, MARKS

TEXT = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


def test_every_form_is_listed_with_its_option() -> None:
    assert all(f"| `--{form} FILE` |" in TEXT for form in FORMS)


def test_every_mark_is_listed_with_its_ascii_form() -> None:
    assert all(f"\n| {mark} | {ASCII.get(mark, mark)} | " in TEXT for mark in MARKS.values())


def test_the_workflow_finds_comments_by_the_marker_and_the_limit_is_githubs() -> None:
    assert f'startswith("{markdown.MARKER}")' in TEXT
    assert f"{markdown.COMMENT_LIMIT:,} characters" in TEXT
