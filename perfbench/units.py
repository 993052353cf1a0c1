"""Quantities as people write and read them. Base units inside; scaled once, on the way out.

After golang/perf's `benchunit`: everything that is stored or compared is in base units (seconds, bytes,
counts), and a prefix appears only in the string that a person reads.
"""

from __future__ import annotations

import math
import re

SECONDS = "seconds"
BYTES = "bytes"
SHARE = "share"

_TIME_SCALES = (("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
_BYTE_SCALES = (("TiB", 2.0**40), ("GiB", 2.0**30), ("MiB", 2.0**20), ("KiB", 2.0**10), ("B", 1.0))
_SHARE_SCALES = (("%", 0.01),)
_SCALES = {SECONDS: _TIME_SCALES, BYTES: _BYTE_SCALES, SHARE: _SHARE_SCALES}

_TIME_WORDS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3,
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0, "week": 604800.0, "weeks": 604800.0,
}  # fmt: skip
_BYTE_WORDS = {
    "B": 1.0, "byte": 1.0, "bytes": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
    "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40,
}  # fmt: skip
_WORDS = {SECONDS: _TIME_WORDS, BYTES: _BYTE_WORDS, SHARE: {"%": 0.01}}

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(.*?)\s*", re.DOTALL)
_LONGEST_TEXT = 100

NO_VALUE = "–"
"""What stands where there is no number to show."""


def parse_quantity(text: str | float, unit: str | None) -> float:
    """`"500 ms"` in the base unit `unit` (`seconds`, `bytes` or a benchmark's own word) is 0.5.

    A number without a unit is taken as base units. With `unit` None the word decides: a time becomes
    seconds, a size bytes, and any other word is the benchmark's own. Raises ValueError with a sentence
    where the text is no number, the number is not finite, or the word does not belong to the unit.
    """
    number, word = _split(text)
    if not word or word == unit:
        return number
    for candidate in (unit,) if unit is not None else (SECONDS, BYTES):
        factor = _WORDS.get(candidate, {}).get(word)
        if factor is not None:
            return _finite(number * factor, text)
    if unit is None:
        return number
    names = ", ".join(name for name, _ in reversed(_SCALES.get(unit, ())))
    known = f"one of {names}" if names else f"'{unit}'"
    raise ValueError(f"'{text}' has the unit '{word}', expected {known}")


def parse_ratio(text: str | float) -> float:
    """`"5 %"` is 0.05; a number without the sign is a plain ratio. Raises ValueError for anything else."""
    number, word = _split(text)
    if word not in ("", "%"):
        raise ValueError(f"'{text}' is no percentage; write it as '5 %'")
    return number / 100.0 if word else number


def format_value(value: float, unit: str) -> str:
    """A value in its base unit with 3 significant digits and a prefix: 0.137 seconds is `137 ms`."""
    return _scaled(value, unit, value)


def format_pair(first: float, second: float, unit: str) -> tuple[str, str]:
    """Two values with one and the same prefix, that of the smaller: (`900 µs`, `1100 µs`)."""
    shown = [abs(value) for value in (first, second) if math.isfinite(value) and value]
    reference = min(shown, default=0.0)
    return _scaled(first, unit, reference), _scaled(second, unit, reference)


def format_ratio(ratio: float) -> str:
    """A ratio as the change it is: 1.38 is `+38 %`, 0.5 is `−50 %`."""
    return NO_VALUE if math.isnan(ratio) else f"{_signed(ratio)} %"


def format_interval(low: float, high: float) -> str:
    """The bounds of a ratio, as changes in percent: (1.35, 1.41) is `+35 … +41`."""
    return NO_VALUE if math.isnan(low) or math.isnan(high) else f"{_signed(low)} … {_signed(high)}"


def format_percent(share: float) -> str:
    """A share without a sign: 0.05 is `5 %`."""
    return NO_VALUE if math.isnan(share) else f"{_percent(share)} %"


def format_duration(seconds: float) -> str:
    """A span of time as a person says it: 252 is `4 min 12 s`, 0.31 is `0.3 s`."""
    if not math.isfinite(seconds):
        return NO_VALUE if math.isnan(seconds) else _infinity(seconds)
    if seconds < 0:
        return f"−{format_duration(-seconds)}"
    if seconds < 9.95:
        return f"{_plain(seconds, 1)} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = ((hours, "h"), (minutes, "min"), (0 if hours else rest, "s"))
    return " ".join(f"{amount} {name}" for amount, name in parts if amount)


def _split(text: str | float) -> tuple[float, str]:
    if isinstance(text, str):
        if len(text) > _LONGEST_TEXT:
            raise ValueError(f"'{text[:20]}…' is too long for a quantity")
        match = _QUANTITY.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is no number with a unit; write it as '500 ms' or '5 %'")
        return _finite(float(match[1]), text), match[2]
    return _finite(float(text), text), ""


def _finite(number: float, text: str | float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"'{text}' is not a finite number")
    return number


def _scaled(value: float, unit: str, reference: float) -> str:
    if math.isnan(value):
        return NO_VALUE
    name, factor = _scale(unit, reference)
    number = _infinity(value) if math.isinf(value) else _significant(value / factor)
    return f"{number} {name}" if name else number


def _scale(unit: str, reference: float) -> tuple[str, float]:
    """The prefix in which `reference`, rounded to 3 digits, is at least 1; the smallest one below that."""
    scales = _SCALES.get(unit)
    if scales is None:
        return unit, 1.0
    if not math.isfinite(reference) or reference == 0:
        return ("s", 1.0) if unit == SECONDS else scales[-1]
    for name, factor in scales:
        if float(f"{abs(reference) / factor:.3g}") >= 1.0:
            return name, factor
    return scales[-1]


def _significant(number: float) -> str:
    """3 significant digits, but never fewer than the digits before the point; no exponent short of 10¹⁵."""
    rounded = float(f"{number:.3g}")
    if rounded == 0 or not 1e-6 <= abs(rounded) < 1e15:
        return _minus(f"{rounded:.3g}") if rounded else "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(rounded))))
    return _plain(number, decimals)


def _signed(ratio: float) -> str:
    if math.isinf(ratio):
        return f"+{_infinity(ratio)}" if ratio > 0 else _infinity(ratio)
    text = _percent(ratio - 1.0)
    return text if text.startswith("−") or text == "0" else f"+{text}"


def _percent(share: float) -> str:
    """Whole percents from 10 on, one decimal from 1 on, two below; none that says nothing."""
    if math.isinf(share):
        return _infinity(share)
    percent = share * 100.0
    size = abs(percent)
    return _plain(percent, 0 if size >= 9.95 else 1 if size >= 0.995 else 2)


def _plain(number: float, decimals: int) -> str:
    text = f"{number:.{decimals}f}"
    if decimals:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else _minus(text)


def _minus(text: str) -> str:
    return text.replace("-", "−", 1) if text.startswith("-") else text


def _infinity(number: float) -> str:
    return "∞" if number > 0 else "−∞"
