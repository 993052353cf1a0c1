"""Signs: one for each outcome, and a stand-in for each sign."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model import Outcome
from perfbench.reports.glyphs import ASCII, MARKS, STYLES, fitter, mark

from . import sample


def test_every_outcome_has_a_mark_and_every_mark_a_style() -> None:
    assert set(MARKS) == set(Outcome)
    assert set(MARKS.values()) <= set(STYLES)


def test_marks_stay_apart_in_ascii() -> None:
    signs = {ASCII.get(sign, sign) for sign in STYLES}
    assert len(signs) == len(STYLES)


@pytest.mark.parametrize(("sides", "expected"), [(("head",), "✗"), (("base", "head"), "!"), (("base",), "!")])
def test_a_failure_is_held_against_head_only_where_base_did_not_fail(
    sides: tuple[str, ...], expected: str
) -> None:
    assert mark(sample.told(Outcome.FAILED, sample.row("a.time_b"), "", sides=sides)) == expected


def test_a_stream_that_carries_the_signs_gets_them() -> None:
    assert fitter("utf-8")("✗ 1 µs → 2 µs") == "✗ 1 µs → 2 µs"


def test_signs_are_replaced_together_even_where_one_could_stay() -> None:
    assert fitter("latin-1")("✗ 1 µs → 2 µs für") == "X 1 us -> 2 us für"


@settings(deadline=None)
@given(st.text(), st.sampled_from(["ascii", "latin-1", "cp437", "utf-8", "utf-16", "no such encoding"]))
def test_fitted_text_can_always_be_written(text: str, encoding: str) -> None:
    fitted = fitter(encoding)(text)
    assert isinstance(fitted.encode("ascii" if encoding.startswith("no") else encoding), bytes)
