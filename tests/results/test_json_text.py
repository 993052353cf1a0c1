"""JSON from anywhere: bounded, and its oddities told."""

from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.results import json_text
from perfbench.results.json_text import MalformedError, decode_text, encodable, parse


def test_bare_nan_and_infinity_are_numbers() -> None:
    value = parse("[NaN, -Infinity]").value
    assert isinstance(value, list)
    assert math.isnan(value[0])
    assert value[1] == -math.inf


def test_repeated_keys_are_told_and_the_last_counts() -> None:
    parsed = parse('{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}')
    assert parsed.value == {"a": 3, "b": {"c": 2}}
    assert parsed.repeated == ("c", "a")


def test_a_million_repeated_keys_cost_no_more_than_one() -> None:
    text = "{" + ",".join(f'"{number // 2}":0' for number in range(200_000)) + "}"
    assert len(parse(text).repeated) == 10


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "not valid JSON"),
        ('{"a": 1,\n"b": }', 2, "not valid JSON"),
        ("[" * 1_000_000, None, "nested too deeply"),
        ('{"a":' * 1_000_000, None, "nested too deeply"),
        ("[" + "9" * 10_000 + "]", None, "too long"),
    ],
)
def test_what_is_no_json_says_where_and_why(text: str, line: int | None, said: str) -> None:
    with pytest.raises(MalformedError, match=said) as caught:
        parse(text)
    assert caught.value.line == line


def test_too_many_values_are_refused_before_they_take_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_ELEMENTS", 100)
    with pytest.raises(MalformedError, match="more than 100 values"):
        parse("[" + "{}," * 100 + "{}]")


def test_bytes_that_are_no_text_say_where() -> None:
    with pytest.raises(MalformedError, match="byte 5 is 0xff") as caught:
        decode_text(b"ab\nc\xff")
    assert caught.value.line == 2


def test_half_a_character_can_be_printed() -> None:
    value = parse('{"\\ud800": ["\\udc00 x", "\\ud83d\\ude00"]}').value
    assert value == {"\ufffd": ["\ufffd x", "😀"]}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(_json)
def test_what_json_writes_is_read_as_it_was(value: object) -> None:
    assert parse(json.dumps(value)).value == encodable(value)


@given(st.binary())
def test_any_bytes_are_parsed_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        assert json.dumps(parse(decode_text(data)).value).encode()
