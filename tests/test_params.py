"""Params as a reader writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.params import plain


@pytest.mark.parametrize(
    ("representation", "shown"),
    [
        ("'a b'", "a b"),
        ("12", "12"),
        ("<function f>", "<function f>"),
        ("['a']", "['a']"),
        ("'", "'"),
        (r"'\d'", r"'\d'"),
        ("'a', 'b'", "'a', 'b'"),
    ],
)
def test_string_params_are_shown_without_quotes(representation: str, shown: str) -> None:
    assert plain(representation) == shown


@given(st.text())
def test_every_string_comes_back_from_its_representation(text: str) -> None:
    assert plain(repr(text)) == text


@given(st.text())
def test_any_text_has_a_plain_form(text: str) -> None:
    assert isinstance(plain(text), str)
