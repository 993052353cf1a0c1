"""Alerts for programs: one JSON object."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import msgspec

from perfbench.model_history import Alert
from perfbench.reports.site.wording import is_exact, sentence

SCHEMA_VERSION = 1
"""Rises when a field changes its meaning or goes; new fields may come without."""


def render(project: str, alerts: Sequence[Alert], created: float, version: str = "") -> str:
    """All alerts as JSON in ASCII, indented, with a final newline; open ones first, then the newest.

    Values are in the metric's base unit, dates in seconds since the epoch; a number that is not finite is null.
    """
    ordered = sorted(alerts, key=lambda alert: (not alert.is_open, -alert.placed.date, alert.id))
    content = {
        "schema_version": SCHEMA_VERSION,
        "perfbench": version,
        "project": _storable(project),
        "created": _finite(created),
        "open": sum(alert.is_open for alert in ordered),
        "alerts": [_alert(alert) for alert in ordered],
    }
    # json's own indentation takes ten times as long.
    return msgspec.json.format(json.dumps(content, allow_nan=False), indent=2) + "\n"


def _alert(alert: Alert) -> dict[str, Any]:
    placed, rule = alert.placed, alert.rule
    key, change = placed.key, placed.change
    return {
        "id": _storable(alert.id),
        "open": alert.is_open,
        "accepted": _storable(alert.accepted),
        "told": alert.told,
        "sentence": sentence(alert),
        "benchmark": {
            "id": _storable(str(key.benchmark)),
            "suite": _storable(key.benchmark.suite),
            "name": _storable(key.benchmark.name),
            "params": [
                {"name": _storable(name), "value": _storable(value)} for name, value in key.benchmark.params
            ],
        },
        "metric": {
            "name": _storable(key.metric.name),
            "unit": _storable(key.metric.unit),
            "better": key.metric.better,
        },
        "machine": _storable(key.machine),
        "environment": _storable(key.environment),
        "branch": _storable(key.branch),
        "direction": change.direction,
        "commit": _storable(placed.commit),
        "since": _storable(placed.since),
        "between": None if placed.between is None else [_storable(commit) for commit in placed.between],
        "exact": is_exact(placed),
        "date": _finite(placed.date),
        "recovered_at": None if placed.recovered_at is None else _storable(placed.recovered_at),
        "before": _finite(change.before),
        "after": _finite(change.after),
        "difference": _finite(change.difference),
        "ratio": _finite(change.ratio),
        "low": _finite(change.low),
        "high": _finite(change.high),
        "sureness": _finite(change.sureness),
        "rule": {
            "pattern": _storable(rule.pattern),
            "size": _finite(rule.size),
            "sureness": _finite(rule.sureness),
            "improvements": rule.improvements,
            "origin": _storable(rule.origin),
        },
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _storable(text: str) -> str:
    """The text without halves of surrogate pairs, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
