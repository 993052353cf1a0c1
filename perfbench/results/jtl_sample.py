"""One sample of a JMeter log, in CSV and XML alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from perfbench.results.gathering import UnusableError
from perfbench.results.result_file import LATEST

Note = Callable[[str, int | None], None]
"""Takes a problem's message and line."""

_LONGEST_LABEL = 1000
_LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """One request, or one transaction of several. `started` is in seconds since the epoch, 0 if not known."""

    label: str
    seconds: float
    started: float
    succeeded: bool
    reason: str
    line: int


def sample_of(
    *, label: str, elapsed: str, started: str, success: str, count: str, reason: str, line: int
) -> Sample:
    """The sample that these texts tell of; empty ones are not there. Raises UnusableError.

    `elapsed` and `started` are in milliseconds; a start that is written as a date is not known, since
    its form is the user's. `count` is JMeter's `SampleCount`.
    """
    if not label.strip():
        raise UnusableError("has no label")
    if count not in ("", "1"):
        raise UnusableError(f"stands for {count[:_LONGEST_NUMBER]} samples; have JMeter log each of them")
    milliseconds = _number(elapsed)
    if milliseconds is None or milliseconds < 0:
        raise UnusableError(f"has the elapsed time {elapsed[:_LONGEST_NUMBER]!r}, which is no number of ms")
    if success.lower() not in ("", "true", "false"):
        raise UnusableError(f"has the success {success[:_LONGEST_NUMBER]!r}; expected true or false")
    begun = (_number(started) or 0.0) / 1e3
    return Sample(
        label.strip()[:_LONGEST_LABEL],
        milliseconds / 1e3,
        begun if 0 <= begun <= LATEST else 0.0,
        success.lower() != "false",
        reason,
        line,
    )


def _number(text: str) -> float | None:
    try:
        number = float(text) if len(text) <= _LONGEST_NUMBER else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
