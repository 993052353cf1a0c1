"""How alerts are told line by line: of which row, how large, and what has become of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from perfbench.model_history import Alert, AlertGroup, Direction
from perfbench.reports.names import labels, plain
from perfbench.reports.site import wording

MARKS = {Direction.REGRESSION: "✗", Direction.IMPROVEMENT: "↑", Direction.CHANGE: "?"}
SETTLED = "–"
"""Stands before what is accepted or has recovered."""

_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")


def mark(alert: Alert) -> str:
    """The sign in front of an alert."""
    return MARKS[alert.placed.change.direction] if alert.is_open else SETTLED


def row_name(alert: Alert) -> str:
    """The row as reports write it: `parse.read (json)`."""
    key = alert.placed.key
    label = labels([(key.benchmark, key.metric)])[key.benchmark, key.metric]
    return f"{label.name} ({label.target})" if label.target else label.name


def change_words(alert: Alert) -> str:
    """By how much, with its interval: `+38 % (+35 … +41)`."""
    bounds = wording.interval(alert.placed.change)
    return f"{wording.size(alert.placed)} ({bounds})" if bounds else wording.size(alert.placed)


def level_words(alert: Alert) -> str:
    """From which level to which: `10.0 ms → 13.8 ms`."""
    return " → ".join(map(plain, wording.levels(alert.placed)))


def state_words(alert: Alert) -> str:
    """What has become of it: nothing yet, `new` where nobody was told, accepted or recovered."""
    if alert.accepted:
        return f"accepted: {plain(alert.accepted)}"
    if alert.placed.recovered_at is not None:
        return f"recovered at {plain(alert.placed.recovered_at[: wording.SHORT_HASH])}"
    return "" if alert.told else "new"


def group_words(group: AlertGroup) -> str:
    """What a group is about: its commits, its day and how many rows changed."""
    rows = len(group.alerts)
    when = ", ".join(filter(None, (wording.commits(group.alerts[0].placed), day(group.date))))
    return f"{when}: {rows} row{'s' * (rows != 1)}"


def count_words(alerts: Sequence[Alert]) -> list[str]:
    """How many alerts there are of each kind: `2 open alerts`, `1 accepted`, `3 recovered`."""
    counts = Counter(
        "open" if alert.is_open else "accepted" if alert.accepted else "recovered" for alert in alerts
    )
    found = counts["open"]
    words = [f"{found or 'no'} open alert{'s' * (found != 1)}"]
    return words + [f"{counts[kind]} {kind}" for kind in ("accepted", "recovered") if counts[kind]]


def day(seconds: float) -> str:
    """The day of a moment, by UTC; empty where the seconds are no date."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return ""


def is_hash(commit: str) -> bool:
    """Whether it may stand in an address: a name from a foreign file may be anything."""
    return _COMMIT.fullmatch(commit) is not None
