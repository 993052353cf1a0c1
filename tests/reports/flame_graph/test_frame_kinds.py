"""Whose code a frame is."""

from __future__ import annotations

import pytest

from perfbench.model_profile import Frame
from perfbench.reports.flame_graph.frame_kinds import KIND_WORDS, FrameKind, frame_kind


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("json/encoder.py", FrameKind.STANDARD_LIBRARY),
        ("threading.py", FrameKind.STANDARD_LIBRARY),
        ("<frozen importlib._bootstrap>", FrameKind.STANDARD_LIBRARY),
        ("starlette/routing.py", FrameKind.LIBRARY),
        ("jsonschema/validators.py", FrameKind.LIBRARY),
        ("uvloop/handles/stream.pyx", FrameKind.LIBRARY),
        ("libc.so.6", FrameKind.NATIVE),
        ("", FrameKind.NATIVE),
        ("<string>", FrameKind.NATIVE),
        (".py", FrameKind.LIBRARY),
    ],
)
def test_the_file_of_a_frame_says_whose_it_is(file: str, kind: FrameKind) -> None:
    assert frame_kind(Frame("call", file, 1)) is kind


def test_own_code_is_own_wherever_it_stands() -> None:
    assert frame_kind(Frame("call", "json/encoder.py", 1, own=True)) is FrameKind.OWN


def test_every_kind_has_its_words() -> None:
    assert len(KIND_WORDS) == len(FrameKind)
