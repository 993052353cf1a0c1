"""Reading `go test -json`: the same as the text that it cuts into events."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.results import go_json, go_text

from .samples import document
from .test_go_text import TEXT


def events(text: str, cuts: tuple[int, ...] = (), package: str = "example.org/fib") -> list[str]:
    """Output events with the text, cut behind these characters."""
    ends = (*sorted(set(cuts)), len(text))
    pieces = (text[start:end] for start, end in zip((0, *ends), ends, strict=False))
    return [json.dumps({"Action": "output", "Package": package, "Output": piece}) for piece in pieces]


def lines(*found: str) -> bytes:
    return "\n".join(('{"Action":"start","Package":"example.org/fib"}', *found, "")).encode()


@given(st.lists(st.integers(1, len(TEXT) - 1), max_size=8).map(tuple))
def test_output_is_put_together_wherever_it_was_cut(cuts: tuple[int, ...]) -> None:
    data = document(lines(*events(TEXT, cuts)), "some.txt")
    assert go_json.recognises(data)
    assert go_json.read(data) == go_text.read(document(TEXT.encode(), "some.txt"))


def test_packages_that_wrote_at_the_same_time_are_kept_apart() -> None:
    a = events("pkg: a\nBenchmarkX 1 2 ns/op\n", (9, 20), "a")
    b = events("pkg: b\nBenchmarkX 1 3 ns/op\n", (9, 20), "b")
    result = go_json.read(document(lines(*(event for pair in zip(a, b, strict=True) for event in pair))))
    assert [str(row.benchmark) for row in result.side()] == ["a.BenchmarkX", "b.BenchmarkX"]


def test_a_line_that_is_no_event_is_named_and_the_others_count() -> None:
    result = go_json.read(
        document(lines("what", *events("BenchmarkX 1 2 ns/op\nBenchmarkY 1 x ns/op"), '{"Act'))
    )
    assert [(problem.line, problem.message) for problem in result.problems] == [
        (2, "is no event of go test -json"),
        (4, "is no event of go test -json"),
        (3, "BenchmarkY: 'x' is not a finite number"),
    ]
    assert len(result.side()) == 1


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (lines(*events("BenchmarkX 1 2 ns/op")), True),
        (lines(), False),
        (TEXT.encode(), False),
        (b'{"Action":"start","Benchmark":1}', False),
        (lines("Benchmark", "\xff") + b"\xff", False),
    ],
)
def test_it_is_known_by_its_first_event(data: bytes, known: bool) -> None:
    assert go_json.recognises(document(data)) is known


@given(st.lists(st.text(max_size=20) | st.sampled_from(events(TEXT, (50, 60))), max_size=6))
def test_any_lines_give_rows_or_problems(found: list[str]) -> None:
    data = "\n".join(found).encode("utf-8", "replace")
    result = go_json.read(document(data))
    assert result.problems or any(result.sides.values())
