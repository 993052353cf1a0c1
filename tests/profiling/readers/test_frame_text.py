"""Frames as profilers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model_profile import Frame
from perfbench.profiling.readers.frame_text import frame_of

names = st.text(
    st.characters(exclude_characters="()", exclude_categories=["C", "Z"]), min_size=1, max_size=20
)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("dumps (json/__init__.py:231)", Frame("dumps", "json/__init__.py", 231)),
        ("f.<locals>.<genexpr> (w.py:3)", Frame("f.<locals>.<genexpr>", "w.py", 3)),
        ("<module> (w.py)", Frame("<module>", "w.py")),
        ("0x7f6bbf64524a (libc.so.6)", Frame("0x7f6bbf64524a", "libc.so.6")),
        (
            "load (C:\\Program Files (x86)\\app\\a.py:7)",
            Frame("load", "C:\\Program Files (x86)\\app\\a.py", 7),
        ),
        ("load (with space.py:7)", Frame("load", "with space.py", 7)),
        ("std::map<int, f(int)>::at(int) (map.h:12)", Frame("std::map<int, f(int)>::at(int)", "map.h", 12)),
        ("operator()", Frame("operator()")),
        ("f (int)", Frame("f", "int")),
        ("(anonymous)", Frame("(anonymous)")),
        ("native_[k]", Frame("native_[k]")),
        ("unbalanced)", Frame("unbalanced)")),
        ("thread (0x7F12AB)", Frame("thread (0x7F12AB)")),
        ("thread (29869): MainThread", Frame("thread (29869): MainThread")),
        ('process 29876:"python w.py (a:3)"', Frame('process 29876:"python w.py (a:3)"')),
        ("f (a.py:12345678901)", Frame("f", "a.py:12345678901")),
        ("  f (a.py:3) ", Frame("f", "a.py", 3)),
        ("", Frame("[unknown]")),
    ],
)
def test_a_frame_has_its_function_its_file_and_its_line(text: str, frame: Frame) -> None:
    assert frame_of(text) == frame


@given(names, names, st.integers(1, 10**9 - 1))
def test_a_frame_that_is_shown_is_read_again(name: str, file: str, line: int) -> None:
    frame = Frame(name, file, line)
    assert frame_of(str(frame)) == frame


@given(st.text(max_size=60))
def test_any_text_is_some_frame(text: str) -> None:
    assert frame_of(text).function


def test_a_name_without_end_is_cut() -> None:
    assert len(frame_of("f" * 10**6).function) < 10_000
