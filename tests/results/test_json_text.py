"""JSON from anywhere: bounded, and its oddities told."""

from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import example, given
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


_keys = st.sampled_from(["a", "b", ":", '"', '":', '\\":', "\u00b5", ""])
_spelling = st.sampled_from(["{}:{}", "{} :{}", "{}  : {}", "{}\n:{}", "{}: {}"])


def _spelled(key: str, *, escaped: bool) -> str:
    text = json.dumps(key, ensure_ascii=False)
    return text.replace('\\"', "\\u0022").replace(":", "\\u003a") if escaped else text


@st.composite
def _objects(draw: st.DrawFn, depth: int = 2) -> str:
    """The text of an object in which keys may stand twice, in any spelling that JSON allows."""
    parts = []
    for key in draw(st.lists(_keys, max_size=4)):
        inner = draw(_objects(depth - 1)) if depth and draw(st.booleans()) else None
        value = inner or _spelled(draw(_keys), escaped=draw(st.booleans()))
        parts.append(draw(_spelling).format(_spelled(key, escaped=draw(st.booleans())), value))
    return "{" + ",".join(parts) + "}"


@given(_objects())
def test_no_repeated_key_is_missed_however_it_is_written(text: str) -> None:
    seen: list[str] = []

    def note(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        seen.extend(name for name in names if names.count(name) > 1)
        return dict(pairs)

    value = json.loads(text, object_pairs_hook=note)
    parsed = parse(text)
    assert (parsed.value, set(parsed.repeated)) == (value, set(seen))


@given(st.text("0123456789eE+-.,[]", max_size=12))
@example("[18446744073709551616]")
@example("[-9223372036854775809, 1e400, -0, -0.0, 1E5]")
def test_numbers_are_those_of_the_standard_library(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(MalformedError):
            parse(text)
    else:
        assert repr(parse(text).value) == repr(expected)
