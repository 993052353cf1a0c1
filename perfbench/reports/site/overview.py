"""What the first page shows: what nobody has accepted yet, what else changed, and every series in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perfbench.model_history import Direction, HistoryReport, PlacedChange, SeriesReport
from perfbench.reports.names import plain
from perfbench.reports.site import wording
from perfbench.reports.site.benchmark_page import change_bounds, status
from perfbench.reports.site.commit_order import CommitOrder
from perfbench.reports.site.page_names import PageKey, page_key
from perfbench.reports.site.script_data import numbered
from perfbench.units import format_value

if TYPE_CHECKING:
    from perfbench.model_history import Floats

SPARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""Heights of a small line, the lowest first: one letter a point."""

SPARK_POINTS = 48
SPARK_RANGE = 0.1
"""A small line spans at least this share of its level, so that noise looks like noise."""


def overview(
    report: HistoryReport, order: CommitOrder, pages: Mapping[PageKey, str], asv: bool
) -> dict[str, Any]:
    """The data of the first page. Rows and changes are lists, since there are many of them; see overview.js.

    A row: page, name, params, area, machine, environment, branch, project, points, latest value, small line, number
    of its newest change. A change: row, direction, status, size, interval, before, after, sureness, number of the
    commit before and of its own, commits between, reason, number of the commit that brought it back.
    """
    keys = [one.series.key for one in report.reports]
    columns = {
        "machines": [key.machine for key in keys],
        "environments": [key.environment for key in keys],
        "branches": [key.branch for key in keys],
        "projects": [key.benchmark.suite for key in keys],
        "areas": [key.benchmark.name.partition(".")[0] for key in keys],
    }
    lists = {name: numbered(values) for name, values in columns.items()}
    changes: list[list[Any]] = []
    rows = []
    for number, one in enumerate(report.reports):
        newest = _changes(changes, one, number, order)
        at = {name: numbers[columns[name][number]] for name, (_, numbers) in lists.items()}
        rows.append(_row(one, pages[page_key(one.series.key)], at, newest))
    return {
        "project": plain(report.project),
        "created": report.created,
        "version": plain(report.version),
        "asv": asv,
        **{name: [plain(value) for value in values] for name, (values, _) in lists.items()},
        "rows": rows,
        "changes": changes,
        "problems": [_problem(problem.path, problem.line, problem.message) for problem in _problems(report)],
    }


def commits(order: CommitOrder, commit_url: str) -> dict[str, Any]:
    """The commits that pages refer to by number: hash, date in seconds, tag."""
    return {
        "url": commit_url if commit_url.startswith(("https://", "http://")) else "",
        "commits": [
            [plain(commit), int(date), plain(order.tags.get(commit, ""))]
            for commit, date in zip(order.hashes, order.dates, strict=True)
        ],
    }


def _row(one: SeriesReport, page: str, at: Mapping[str, int], newest: int | None) -> list[Any]:
    series, key = one.series, one.series.key
    latest = format_value(float(series.values[-1]), key.metric.unit) if len(series) else ""
    params = ", ".join(value for _, value in key.benchmark.params)
    return [
        page,
        plain(key.benchmark.name),
        plain(params),
        at["areas"],
        at["machines"],
        at["environments"],
        at["branches"],
        at["projects"],
        len(series),
        plain(latest),
        _spark(series.values),
        newest,
    ]


def _changes(changes: list[list[Any]], one: SeriesReport, row: int, order: CommitOrder) -> int | None:
    """Add the changes of a series; says the number of the newest of them."""
    alerts = {alert.placed: alert for alert in one.alerts}
    cures = {placed.recovered_at for placed in one.changes} - {None}
    newest = None
    for placed in one.changes:
        alert = alerts.get(placed)
        newest = len(changes)
        # An improvement that does no more than bring the old level back is told where it was lost.
        known = status(placed, alert)
        if placed.change.direction is Direction.IMPROVEMENT and placed.commit in cures:
            known = "cure"
        reason = alert.accepted if alert else ""
        bounds = change_bounds(placed, one.series, order)
        changes.append([*_change(placed, row, known, reason, order), *bounds])
    return newest


def _change(placed: PlacedChange, row: int, known: str, reason: str, order: CommitOrder) -> list[Any]:
    before, after = wording.levels(placed)
    return [
        row,
        placed.change.direction,
        known,
        wording.size(placed),
        wording.interval(placed.change),
        plain(before),
        plain(after),
        wording.sureness(placed.change),
        order.numbers.get(placed.since),
        order.numbers.get(placed.commit),
        None if placed.between is None else len(placed.between),
        plain(reason),
        None if placed.recovered_at is None else order.numbers.get(placed.recovered_at),
    ]


def _problems(report: HistoryReport) -> Sequence[Any]:
    return [*report.problems, *(problem for one in report.reports for problem in one.problems)]


def _problem(path: str, line: int | None, message: str) -> list[str]:
    return [plain(f"{path}:{line}" if line is not None else path), plain(message)]


def _spark(values: Floats) -> str:
    """The points as heights, thinned out evenly; the last one always is among them."""
    import numpy as np  # noqa: PLC0415

    if len(values) < 2:
        return ""
    chosen = values[np.linspace(0, len(values) - 1, min(len(values), SPARK_POINTS)).round().astype(int)]
    largest = float(np.abs(chosen).max()) or 1.0
    chosen = chosen / largest
    low, high = float(chosen.min()), float(chosen.max())
    half = max(high - low, SPARK_RANGE) / 2
    heights = np.clip((chosen - (low + high) / 2) / half * 0.5 + 0.5, 0, 1) * (len(SPARKS) - 1)
    return "".join(SPARKS[int(height)] for height in heights.round())
