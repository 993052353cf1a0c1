"""Collapsed stacks, written and read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import StackCollector
from perfbench.profiling.collapsed_file import write_collapsed
from perfbench.profiling.readers import read_profile
from tests.profiling.readers.stacks_in_words import stacks_of
from tests.profiling.test_speedscope import stacks, tree_of


@given(stacks.filter(bool))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_what_is_written_is_read_again(tmp_path: Path, found: list[tuple[list[Frame], float]]) -> None:
    named = [([frame for frame in stack if frame.function], weight) for stack, weight in found]
    tree = tree_of([(stack or [Frame("f")], weight) for stack, weight in named])
    write_collapsed(tree, tmp_path / "stacks.txt")
    again = read_profile(tmp_path / "stacks.txt")
    assert stacks_of(again.tree) == pytest.approx(stacks_of(tree))
    assert again.problems == ()


def test_whole_numbers_have_no_point_and_separators_are_replaced(tmp_path: Path) -> None:
    stacks = StackCollector()
    numbers = [stacks.number(frame) for frame in (Frame("a;b", "c\nd.py", 3), Frame(""), Frame("e"))]
    stacks.add(numbers, 3.0)
    stacks.add(numbers[:1], 0.25)
    write_collapsed(stacks.tree(), tmp_path / "stacks.txt")
    text = (tmp_path / "stacks.txt").read_text(encoding="utf-8")
    assert text == "a:b (c d.py:3) 0.25\na:b (c d.py:3);?;e 3\n"
