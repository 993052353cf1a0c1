from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perfbench.units import (
    BYTES,
    SECONDS,
    SHARE,
    format_duration,
    format_interval,
    format_pair,
    format_percent,
    format_ratio,
    format_value,
    parse_quantity,
    parse_ratio,
)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("500 ms", SECONDS, 0.5),
        ("500ms", SECONDS, 0.5),
        (" 1.5 s ", SECONDS, 1.5),
        ("5 min", SECONDS, 300.0),
        ("2 h", SECONDS, 7200.0),
        ("70 µs", SECONDS, 70e-6),
        ("70 us", SECONDS, 70e-6),
        ("3 seconds", SECONDS, 3.0),
        ("1e-3", SECONDS, 1e-3),
        (0.25, SECONDS, 0.25),
        ("64 KiB", BYTES, 65536.0),
        ("1.5 MB", BYTES, 1.5e6),
        ("12 requests", "requests", 12.0),
        ("12", "requests", 12.0),
        ("100 ms", None, 0.1),
        ("1 MiB", None, 1048576.0),
        ("7 files", None, 7.0),
        ("-1 ms", SECONDS, -1e-3),
    ],
)
def test_a_quantity_becomes_its_base_unit(text: str | float, unit: str | None, value: float) -> None:
    assert parse_quantity(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit", "complaint"),
    [
        ("fast", SECONDS, "'fast' is no number with a unit; write it as '500 ms' or '5 %'"),
        ("", SECONDS, "'' is no number with a unit"),
        ("5 ms", SHARE, "'5 ms' has the unit 'ms', expected one of %"),
        ("5 KiB", SECONDS, "'5 KiB' has the unit 'KiB', expected one of ns, µs, ms, s, min"),
        ("5 MS", SECONDS, "'5 MS' has the unit 'MS'"),
        ("5 ms", BYTES, "expected one of B, KiB, MiB, GiB, TiB"),
        ("5 calls", "requests", "'5 calls' has the unit 'calls', expected 'requests'"),
        ("1e999 s", SECONDS, "'1e999 s' is not a finite number"),
        (math.nan, SECONDS, "'nan' is not a finite number"),
        (math.inf, SECONDS, "'inf' is not a finite number"),
        ("1" * 200, SECONDS, "is too long for a quantity"),
    ],
)
def test_what_is_no_quantity_is_refused_in_a_sentence(text: str | float, unit: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_quantity(text, unit)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("text", "share"), [("5 %", 0.05), ("5%", 0.05), ("0.5 %", 0.005), (0.05, 0.05), ("0.05", 0.05)]
)
def test_a_percentage_becomes_a_share(text: str | float, share: float) -> None:
    assert parse_ratio(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["5 percent", "5 ms", "%", "five", math.nan])
def test_what_is_no_percentage_is_refused(text: str | float) -> None:
    with pytest.raises(ValueError, match=r"percentage|no number|finite"):
        parse_ratio(text)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.137, SECONDS, "137 ms"),
        (0.0091, SECONDS, "9.1 ms"),
        (0.00912345, SECONDS, "9.12 ms"),
        (0.9996, SECONDS, "1 s"),
        (0.9994, SECONDS, "999 ms"),
        (59.99, SECONDS, "1 min"),
        (90.0, SECONDS, "1.5 min"),
        (3e-7, SECONDS, "300 ns"),
        (2.5e-11, SECONDS, "0.025 ns"),
        (0.0, SECONDS, "0 s"),
        (-0.0, SECONDS, "0 s"),
        (-0.2, SECONDS, "−200 ms"),
        (math.nan, SECONDS, "–"),
        (math.inf, SECONDS, "∞ s"),
        (-math.inf, SECONDS, "−∞ s"),
        (335 * 1024.0, BYTES, "335 KiB"),
        (1023.0, BYTES, "1023 B"),
        (5.5 * 2**30, BYTES, "5.5 GiB"),
        (0.0, BYTES, "0 B"),
        (12345678.0, "requests", "12345678 requests"),
        (0.12345, "requests", "0.123 requests"),
        (3.0, "", "3"),
    ],
)
def test_a_value_is_scaled_once_and_shown_with_three_digits(value: float, unit: str, text: str) -> None:
    assert format_value(value, unit) == text


@pytest.mark.parametrize(
    ("first", "second", "unit", "texts"),
    [
        (0.137, 0.189, SECONDS, ("137 ms", "189 ms")),
        (0.0009, 0.0011, SECONDS, ("900 µs", "1100 µs")),
        (0.0, 0.0011, SECONDS, ("0 ms", "1.1 ms")),
        (0.0, 0.0, SECONDS, ("0 s", "0 s")),
        (math.nan, 0.5, SECONDS, ("–", "500 ms")),
        (-0.001, 0.5, SECONDS, ("−1 ms", "500 ms")),
        (2048.0, 1024.0**2, BYTES, ("2 KiB", "1024 KiB")),
        (1.0, 2.0, "files", ("1 files", "2 files")),
    ],
)
def test_a_pair_shares_the_scale_of_the_smaller(
    first: float, second: float, unit: str, texts: tuple[str, str]
) -> None:
    assert format_pair(first, second, unit) == texts


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (1.38, "+38 %"),
        (1.0, "0 %"),
        (0.5, "−50 %"),
        (1.094, "+9.4 %"),
        (1.0996, "+10 %"),
        (0.997, "−0.3 %"),
        (1.0001, "+0.01 %"),
        (1.00001, "0 %"),
        (10.0, "+900 %"),
        (0.0, "−100 %"),
        (math.inf, "+∞ %"),
        (math.nan, "–"),
    ],
)
def test_a_ratio_is_told_as_a_change(ratio: float, text: str) -> None:
    assert format_ratio(ratio) == text


def test_bounds_are_told_as_changes() -> None:
    assert format_interval(1.35, 1.41) == "+35 … +41"
    assert format_interval(0.96, 1.11) == "−4 … +11"
    assert format_interval(0.0, math.inf) == "−100 … +∞"
    assert format_interval(math.nan, 1.0) == "–"


@pytest.mark.parametrize(
    ("share", "text"), [(0.05, "5 %"), (0.008, "0.8 %"), (0.021, "2.1 %"), (math.inf, "∞ %"), (math.nan, "–")]
)
def test_a_share_is_told_in_percent(share: float, text: str) -> None:
    assert format_percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (252, "4 min 12 s"),
        (0.31, "0.3 s"),
        (0.0, "0 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (3600, "1 h"),
        (3725, "1 h 2 min"),
        (-61, "−1 min 1 s"),
        (math.nan, "–"),
        (math.inf, "∞"),
    ],
)
def test_a_span_is_told_as_a_person_says_it(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.floats(1e-9, 1e4), st.sampled_from([SECONDS, BYTES, "files"]))
def test_what_is_shown_reads_back_to_three_digits(value: float, unit: str) -> None:
    assume(unit != BYTES or value >= 1)
    assert parse_quantity(format_value(value, unit), unit) == pytest.approx(value, rel=0.0051, abs=1e-11)


@given(st.floats(), st.sampled_from([SECONDS, BYTES, "files", ""]))
def test_any_number_can_be_shown(value: float, unit: str) -> None:
    for text in (
        format_value(value, unit),
        *format_pair(value, 1.0, unit),
        format_ratio(value),
        format_duration(value),
    ):
        assert text
        assert "nan" not in text
        assert "-" not in text or "e-" in text


@given(st.text())
def test_any_text_is_a_quantity_or_a_valueerror(text: str) -> None:
    try:
        outcome = str(math.isfinite(parse_quantity(text, SECONDS)))
    except ValueError as error:
        outcome = str(error)
    assert outcome == "True" or "'" in outcome
