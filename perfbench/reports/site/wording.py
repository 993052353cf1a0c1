"""How the site says what changed: its size, its place and what has become of it, each in a few words."""

from __future__ import annotations

import math

from perfbench.model_history import Alert, Change, Direction, PlacedChange
from perfbench.reports.names import plain
from perfbench.units import NO_VALUE, format_interval, format_pair, format_ratio, format_value

SHORT_HASH = 8
"""So many digits of a commit's hash are shown, as asv shows them."""

_VERBS = {
    Direction.REGRESSION: "regressed",
    Direction.IMPROVEMENT: "improved",
    Direction.CHANGE: "changed",
}


def size(placed: PlacedChange) -> str:
    """By how much: in percent, or in the metric's unit where a ratio has no meaning."""
    change = placed.change
    if not math.isnan(change.ratio):
        return format_ratio(change.ratio)
    text = plain(format_value(change.difference, placed.key.metric.unit))
    return f"+{text}" if change.difference > 0 else text


def interval(change: Change) -> str:
    """The bounds of the ratio; empty where it has none."""
    text = format_interval(change.low, change.high)
    return "" if text == NO_VALUE else text


def sureness(change: Change) -> str:
    """How sure, in percent, never rounded up to certainty."""
    share = change.sureness
    if math.isnan(share):
        return NO_VALUE
    if share > 0.9999:
        return "> 99.99 %"
    decimals = 2 if share > 0.99 else 1 if share > 0.95 else 0
    shown = math.floor(share * 100 * 10**decimals) / 10**decimals
    return f"{shown:.{decimals}f} %"


def levels(placed: PlacedChange) -> tuple[str, str]:
    """The level before and the one after, with one prefix."""
    before, after = format_pair(placed.change.before, placed.change.after, placed.key.metric.unit)
    return plain(before), plain(after)


def commits(placed: PlacedChange) -> str:
    """The commit that brought the change, or the two between which it came, in short."""
    last = plain(placed.commit[:SHORT_HASH])
    return last if is_exact(placed) else f"{plain(placed.since[:SHORT_HASH])}…{last}"


def is_exact(placed: PlacedChange) -> bool:
    """Whether one commit is known to have brought it: git was asked and has none between."""
    return placed.between == () and placed.change.earliest == placed.change.latest


def place(placed: PlacedChange) -> str:
    """Machine, environment and branch of its series."""
    key = placed.key
    return ", ".join(plain(part) for part in (key.machine, key.environment, key.branch) if part)


def sentence(alert: Alert) -> str:
    """An alert in one sentence: what, by how much, how surely, where, and what has become of it."""
    placed = alert.placed
    before, after = levels(placed)
    bounds = interval(placed.change)
    parts = [
        f"{plain(str(placed.key.benchmark))} {_VERBS[placed.change.direction]}: {size(placed)}",
        f" ({bounds})" if bounds else "",
        f", from {before} to {after}, at {commits(placed)} on {place(placed)}; sure to {sureness(placed.change)}",
    ]
    if alert.accepted:
        parts.append(f"; accepted: {plain(alert.accepted)}")
    if placed.recovered_at is not None:
        parts.append(f"; recovered at {plain(placed.recovered_at[:SHORT_HASH])}")
    return "".join(parts)
