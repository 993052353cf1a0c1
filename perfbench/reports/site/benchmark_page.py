"""What one page shows: all series of a benchmark, their changes, and by what they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perfbench.model_history import Alert, Direction, PlacedChange, Series, SeriesReport
from perfbench.reports.names import plain, shown_name
from perfbench.reports.site import wording
from perfbench.reports.site.commit_order import CommitOrder
from perfbench.reports.site.script_data import numbered, rounded, storable

PLACES = ("machine", "environment", "branch")


def benchmark_page(reports: Sequence[SeriesReport], order: CommitOrder) -> dict[str, Any]:
    """The data of a page. `reports` share project, name, metric and unit; each becomes a line.

    `dimensions` are the switches: by what lines differ, with all values; a line's `at` holds one number for each.
    """
    first = reports[0].series.key
    names = [*PLACES, *dict.fromkeys(name for one in reports for name, _ in one.series.key.benchmark.params)]
    columns = [[_value(one, name) for one in reports] for name in names]
    values = [numbered(column) for column in columns]
    return {
        "project": plain(first.benchmark.suite),
        "name": plain(first.benchmark.name),
        "shown": shown_name(first.benchmark.name),
        "metric": plain(first.metric.name),
        "unit": storable(first.metric.unit),
        "better": first.metric.better,
        "dimensions": [
            [plain(name), [plain(value) for value in different]]
            for name, (different, _) in zip(names, values, strict=True)
        ],
        "lines": [
            {"at": [numbers[column[row]] for column, (_, numbers) in zip(columns, values, strict=True)]}
            | _line(one, order)
            for row, one in enumerate(reports)
        ],
    }


def status(placed: PlacedChange, alert: Alert | None) -> str:
    """What has become of a change: `open`, `accepted`, `recovered`, `lost`, or empty where nobody has to look."""
    if placed.recovered_at is not None:
        return "lost" if placed.change.direction is Direction.IMPROVEMENT else "recovered"
    if alert is None:
        return ""
    return "accepted" if alert.accepted else "open"


def change_bounds(placed: PlacedChange, series: Series, order: CommitOrder) -> tuple[int | None, int | None]:
    """Between which commits a change surely came; None twice where that is the most likely place alone."""
    change = placed.change
    if change.earliest == change.latest or not 0 < change.earliest <= change.latest < len(series):
        return None, None
    return order.numbers[series.commits[change.earliest - 1]], order.numbers[series.commits[change.latest]]


def _value(report: SeriesReport, name: str) -> str:
    key = report.series.key
    if name in PLACES:
        return str(getattr(key, name))
    return key.benchmark.param(name) or ""


def _line(report: SeriesReport, order: CommitOrder) -> dict[str, Any]:
    series = report.series
    alerts = {alert.placed: alert for alert in report.alerts}
    versions = [
        [number, plain(version)]
        for number, version in enumerate(series.versions)
        if number and version != series.versions[number - 1]
    ]
    return {
        "commits": [order.numbers[commit] for commit in series.commits],
        "values": rounded(series.values),
        "low": rounded(series.low),
        "high": rounded(series.high),
        "confidence": series.confidence,
        "versions": versions,
        "changes": [
            _change(placed, alerts.get(placed), order)
            | dict(zip(("from", "to"), change_bounds(placed, series, order), strict=True))
            for placed in report.changes
        ],
        "problems": [plain(problem.message) for problem in report.problems],
    }


def _change(placed: PlacedChange, alert: Alert | None, order: CommitOrder) -> dict[str, Any]:
    change = placed.change
    before, after = wording.levels(placed)
    return {
        "first": change.index,
        "earliest": change.earliest,
        "latest": change.latest,
        "recovered": change.recovered,
        "before": change.before,
        "after": change.after,
        "direction": change.direction,
        "size": wording.size(placed),
        "interval": wording.interval(change),
        "sureness": wording.sureness(change),
        "levels": [before, after],
        "since": order.numbers.get(placed.since),
        "commit": order.numbers.get(placed.commit),
        "between": None if placed.between is None else len(placed.between),
        "status": status(placed, alert),
        "reason": plain(alert.accepted) if alert else "",
    }
