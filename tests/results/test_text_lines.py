"""Lines end with a line feed and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perfbench.results.text_lines import numbered


def test_lines_are_numbered_from_one_and_lose_their_ends() -> None:
    assert list(numbered("a\r\nb\x0bc\u2028d\n\ne")) == [(1, "a"), (2, "b\x0bc\u2028d"), (3, ""), (4, "e")]


@given(st.text(st.sampled_from("a\r\n\x85"), max_size=20))
def test_they_are_those_of_split(text: str) -> None:
    split = [line.removesuffix("\r") for line in text.split("\n")]
    assert [line for _, line in numbered(text)] == (split if split[-1] or text.endswith("\r") else split[:-1])
