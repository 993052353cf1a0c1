"""What the units of other tools mean: `ns/iter` is a time, `ops/ms` a throughput, `allocs/op` its own word."""

from __future__ import annotations

from perfbench.model import Better, Metric
from perfbench.units import BYTES, SECONDS, parse_quantity

_CALL = {"call", "invocation", "iter", "iteration", "op", "operation", "request", "run"}

_OTHER_SPELLINGS = {
    "nanosecond": "ns", "nanoseconds": "ns", "nsec": "ns", "microsecond": "us", "microseconds": "us",
    "usec": "us", "millisecond": "ms", "milliseconds": "ms", "msec": "ms", "secs": "s",
    "kb": "kB", "kilobyte": "kB", "kilobytes": "kB", "mb": "MB", "megabyte": "MB", "megabytes": "MB",
    "gb": "GB", "gigabyte": "GB", "gigabytes": "GB", "kib": "KiB", "mib": "MiB", "gib": "GiB",
}  # fmt: skip

_LONGEST = 60


def metric_of(word: str) -> tuple[Metric, float]:
    """The metric that a unit measures, and the factor from that unit to the metric's own.

    A time or size, of one call or in all, is `time` in seconds or `mem` in bytes; what is done in a
    span of time is `throughput`, by the second, and better when higher; anything else is `track` in the
    tool's own word, better when lower.
    """
    word = " ".join(word.split())[:_LONGEST]
    amount, _, per = word.partition("/")
    if span := _factor(per, SECONDS):
        size = _factor(amount, BYTES)
        unit = f"{BYTES if size else amount}/s"
        return Metric("throughput", unit, Better.HIGHER), (size or 1.0) / span
    alone = amount if per.lower() in _CALL else word
    if seconds := _factor(alone, SECONDS):
        return Metric("time", SECONDS), seconds
    if size := _factor(alone, BYTES):
        return Metric("mem", BYTES), size
    return Metric("track", word), 1.0


def _factor(word: str, unit: str) -> float | None:
    """How many of the base unit one `word` is; None where it does not measure that."""
    for spelling in (word, _OTHER_SPELLINGS.get(word.lower()), word.lower()):
        if spelling:
            try:
                return parse_quantity(f"1 {spelling}", unit)
            except ValueError:
                continue
    return None
