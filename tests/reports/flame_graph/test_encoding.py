"""The data of a page: what the page makes of it is what the graph holds."""

from __future__ import annotations

import json
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model_profile import ROOT, Frame
from perfbench.reports.flame_graph.encoding import (
    LARGEST_WHOLE,
    FrameTable,
    data_block,
    own_weights,
    short,
    tree_columns,
)

from .sample import totals


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int], list[float]]:
    """Parents of nodes, and the weights of their own bodies."""
    size = draw(st.integers(1, 30))
    parent = [ROOT, *(draw(st.integers(0, node - 1)) for node in range(1, size))]
    weight = st.floats(1e-12, 1e12) | st.just(0.0)
    return parent, draw(st.lists(weight, min_size=size, max_size=size))


@given(trees(), st.integers(3, 7))
def test_totals_can_be_built_again(tree: tuple[list[int], list[float]], digits: int) -> None:
    parent, own = tree
    total = totals(parent, own)
    columns = tree_columns(parent, parent, [total], digits)
    assert [one + ROOT for one in accumulate(columns["parent"])] == parent
    for built, real in zip(totals(parent, columns["own"][0]), total, strict=True):
        assert built == pytest.approx(real, rel=10.0 ** (1 - digits), abs=total[0] * 1e-6)


def test_no_body_takes_less_than_nothing() -> None:
    assert own_weights([ROOT, 0, 0], [1.0, 0.7, 0.7]) == [0.0, 0.7, 0.7]
    assert own_weights([ROOT, 0, 0], [0.3, 0.1, 0.2]) == [0.0, 0.1, 0.2]
    assert own_weights([ROOT, 0], [float("nan"), float("inf")]) == [0.0, 0.0]


def test_the_weight_of_what_is_left_out_stays_with_its_caller() -> None:
    assert own_weights([ROOT, 0], [1.0, 0.25]) == [0.75, 0.25]


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 12))
def test_values_are_as_short_as_their_digits(value: float, digits: int) -> None:
    found = short(value, digits)
    assert found == float(f"{value:.{digits}g}")
    assert not json.dumps(found).endswith(".0") or abs(found) >= LARGEST_WHOLE


@given(st.text(max_size=60))
def test_no_text_ends_the_block_of_data(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    block = data_block([text, "</script><!--"])
    assert "<" not in block
    assert json.loads(block) == [text, "</script><!--"]


@given(
    st.lists(
        st.tuples(st.text(max_size=5), st.sampled_from(["a.py", "json/b.py", ""]), st.integers(0, 9)),
        max_size=9,
    )
)
def test_every_frame_has_its_texts(found: list[tuple[str, str, int]]) -> None:
    frames = [Frame(*one) for one in found]
    columns = FrameTable(frames).columns()
    assert len(columns["function"]) == len(frames)
    assert len(columns["functions"]) == len(set(columns["functions"]))
    assert [columns["files"][number] for number in columns["file"]] == [frame.file for frame in frames]
    assert columns["line"] == [frame.line for frame in frames]


def test_a_function_without_a_name_can_be_pointed_at() -> None:
    assert FrameTable([Frame("", "libc.so.6")]).columns()["functions"] == ["?"]


def test_a_frame_that_the_graph_lacks_is_added_behind_its_own() -> None:
    table = FrameTable([Frame("a"), Frame("b")])
    assert [table.number(Frame(name)) for name in "bcc"] == [1, 2, 2]
    assert table.columns()["functions"] == ["a", "b", "c"]
