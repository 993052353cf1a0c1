"""How far a row may move for the worse, and the rule that says so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from perfbench.analysis.patterns import last_match
from perfbench.model import Better, Comparison, Threshold
from perfbench.units import SECONDS, format_percent, format_value

DEFAULT_LIMIT = 0.01

MOST_NOISE = 0.1
"""Above this noise a row held to a finer limit cannot pass: the machine hides what it should show."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How far a row may move for the worse (0.05 is 5 %), and the rule that says so, in words.

    `asked` is what it would be on a machine without noise. `origin` is where the rule stands, if in a file.
    """

    share: float
    rule: str
    asked: float
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Worsening:
    """A ratio turned so that above 1 is worse, whichever way the metric improves."""

    ratio: float
    low: float
    high: float


def limit_of(row: Comparison, thresholds: Sequence[Threshold], noise_floor: float) -> Limit:
    """The limit in force for a row.

    It is that of the last threshold that fits, else 1 %, and never below the noise that the row itself has
    shown or, for times, below `noise_floor`, which is measured on times. A threshold's `minimum_absolute`
    raises it to the change that such a shift is of base's median.
    """
    noise, source = row.noise, row.noise_source or "noise"
    if row.metric.unit == SECONDS and noise_floor >= noise:
        noise, source = noise_floor, "noise"
    threshold = last_match(thresholds, row.benchmark, row.metric)
    origin = threshold.origin if threshold else ""
    named = f", {origin}" if origin else ""
    given = threshold.limit if threshold else None
    asked = DEFAULT_LIMIT if given is None else given
    share = max(asked, noise)
    least = threshold.minimum_absolute if threshold else 0.0
    if (shift := _share_of(least, row)) > share:
        return Limit(shift, f"limit {format_value(least, row.metric.unit)}{named}", shift, origin)
    rule = f"limit {format_percent(share)}"
    if share > asked:
        rule += f" ({source})" if given is None else f" ({source}; {format_percent(asked)} asked{named})"
    elif given is not None:
        rule += named
    return Limit(share, rule, asked, origin if given is not None else "")


def worsening(row: Comparison) -> Worsening:
    """A row's ratio and interval with above 1 as worse."""
    if row.metric.better is Better.HIGHER:
        return Worsening(_inverse(row.ratio), _inverse(row.high), _inverse(row.low))
    return Worsening(row.ratio, row.low, row.high)


def smallest_effect(row: Comparison, limit: Limit) -> float:
    """The smallest relative change for the worse that such a run would have called a regression.

    To clear the limit, the interval needs the arm that it has now between its estimate and its lower end.
    """
    worse = worsening(row)
    return (1.0 + limit.share) * worse.ratio / worse.low - 1.0 if worse.low > 0 else math.inf


def _share_of(least: float, row: Comparison) -> float:
    """The shift `least` as a worsening of base's median; ∞ where no worsening could reach it."""
    if not least:
        return 0.0
    if math.isnan(row.ratio) or row.base <= 0:
        return math.inf if abs(row.head - row.base) < least else 0.0
    if row.metric.better is Better.HIGHER:
        return row.base / (row.base - least) - 1.0 if row.base > least else math.inf
    return least / row.base


def _inverse(ratio: float) -> float:
    return 1.0 / ratio if ratio else math.inf
