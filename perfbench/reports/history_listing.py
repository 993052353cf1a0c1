"""A history in a terminal or a log: a line for each series, or all points and changes of a few."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from perfbench.model import Problem
from perfbench.model_history import Direction, HistoryReport, PlacedChange, SeriesReport
from perfbench.reports.alert_words import MARKS, day
from perfbench.reports.glyphs import STYLES
from perfbench.reports.names import plain
from perfbench.reports.page import Page
from perfbench.reports.sheets import Piece, Sheet
from perfbench.reports.site import wording
from perfbench.units import format_value

GAP = "  "
IN_FULL = 3
"""Of so many series every point is shown."""

LISTING_VERSION = 1

_HEADINGS = ("series", "points", "first", "last", "value", "last change")
_RIGHT = frozenset({1, 4})
_POINTS = ("date", "commit", "value", "interval (99 %)", "")
_SHOWN_PROBLEMS = 10


def render(report: HistoryReport, sheet: Sheet, *, problems: bool = False) -> None:
    """Write a table by place; of few series their points and changes. `problems` lists all of them."""
    page = Page(sheet)
    in_full = len(report.reports) <= IN_FULL
    groups: dict[str, list[SeriesReport]] = {}
    for one in report.reports:
        groups.setdefault(_place(one), []).append(one)
    for number, (place, some) in enumerate(groups.items()):
        if number:
            page.line()
        page.line((plain(place), "bold"))
        if in_full:
            for one in some:
                _points(page, one)
        else:
            _table(page, some)
    _closing(page, report, every=problems)


def render_json(report: HistoryReport, *, points: bool) -> str:
    """The same as JSON: `{"listing_version", "project", "series", "problems"}`, with all `points` if asked."""
    listing = {
        "listing_version": LISTING_VERSION,
        "project": report.project,
        "series": [_object(one, points=points) for one in report.reports],
        "problems": [
            {"path": each.path, "line": each.line, "message": each.message} for each in report.problems
        ],
    }
    return msgspec.json.format(msgspec.json.encode(listing), indent=2).decode() + "\n"


def _table(page: Page, some: Sequence[SeriesReport]) -> None:
    rows = [_cells(one) for one in some]
    texts = [tuple(text for text, _ in row) for row in rows]
    widths = [page.widest(column) for column in zip(_HEADINGS, *texts, strict=True)]
    page.line((GAP + _line(page, _HEADINGS, widths), "dim"))
    for row in rows:
        page.line(
            (GAP, ""),
            *((_filled(page, number, text, widths), style) for number, (text, style) in enumerate(row)),
        )


def _line(page: Page, texts: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(_filled(page, number, text, widths) for number, text in enumerate(texts))


def _filled(page: Page, number: int, text: str, widths: Sequence[int]) -> str:
    fill = page.right if number in _RIGHT else page.left
    return fill(text, widths[number]) + GAP


def _cells(one: SeriesReport) -> list[Piece]:
    """The line of a series; where it holds no point, little is left to say."""
    series = one.series
    name = plain(str(series.key.benchmark))
    if series.key.metric.name not in ("time", "track"):
        name = f"{name} [{plain(series.key.metric.name)}]"
    if not len(series):
        return [(name, ""), ("0", ""), ("", ""), ("", ""), ("", ""), ("", "")]
    change = one.changes[-1] if one.changes else None
    return [
        (name, ""),
        (str(len(series)), ""),
        (_commit(series.commits[0]), "dim"),
        (_commit(series.commits[-1]), "dim"),
        (plain(format_value(float(series.values[-1]), series.key.metric.unit)), ""),
        (_change(change), _style(change)) if change is not None else ("", ""),
    ]


def _points(page: Page, one: SeriesReport) -> None:
    """Every point of a series, its changes between them."""
    series, unit = one.series, one.series.key.metric.unit
    page.line()
    count = f"{len(series)} point{'' if len(series) == 1 else 's'}"
    metric = f"{plain(series.key.metric.name)}, {plain(unit)}" if unit else plain(series.key.metric.name)
    page.line((f"{plain(str(series.key.benchmark))}{GAP}", "bold"), (f"{metric}, {count}", "dim"))
    rows = [
        (
            day(date),
            _commit(commit),
            plain(format_value(value, unit)),
            _interval(low, high, unit),
            "another version" if before not in (None, version) else "",
        )
        for commit, date, value, low, high, version, before in zip(
            series.commits,
            series.dates.tolist(),
            series.values.tolist(),
            series.low.tolist(),
            series.high.tolist(),
            series.versions,
            [None, *series.versions[:-1]],
            strict=True,
        )
    ]
    widths = [page.widest(column) for column in zip(_POINTS, *rows, strict=True)]
    by_index: dict[int, list[PlacedChange]] = {}
    for change in one.changes:
        by_index.setdefault(change.change.index, []).append(change)
    page.line((GAP + _line_of_points(page, _POINTS, widths), "dim"))
    for number, row in enumerate(rows):
        for change in by_index.get(number, ()):
            page.paragraph(_sentence(change), first=[(GAP, "")], indent=4, style=_style(change))
        page.line((GAP + _line_of_points(page, row, widths), ""))


def _line_of_points(page: Page, texts: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(
        (page.right(text, widths[number]) if number == 2 else page.left(text, widths[number])) + GAP
        for number, text in enumerate(texts)
    )


def _closing(page: Page, report: HistoryReport, *, every: bool) -> None:
    """How much there is, and what was wrong with it."""
    page.line()
    series, points = len(report.reports), sum(len(one.series) for one in report.reports)
    changes = sum(len(one.changes) for one in report.reports)
    short = sum(len(one.series) < 3 for one in report.reports)
    words = [f"{series} series", f"{points} points", f"{changes} change{'' if changes == 1 else 's'}"]
    page.line((", ".join(words), "bold"))
    if short:
        page.paragraph(
            f"{short} of them have fewer than 3 points, in which no change can be seen", style="dim"
        )
    shown = report.problems if every else report.problems[:_SHOWN_PROBLEMS]
    for problem in shown:
        page.paragraph(_problem(problem), first=[("? ", STYLES["?"])], indent=2, style="dim")
    if len(shown) < len(report.problems):
        more = len(report.problems) - len(shown)
        page.line((f"{more} more problems: --problems lists them", "dim"))


def _problem(problem: Problem) -> str:
    place = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
    return plain(f"{place}: {problem.message}")


def _place(one: SeriesReport) -> str:
    key = one.series.key
    where = [word for word in (key.machine, key.environment, key.branch) if word]
    project = [key.benchmark.suite] if key.benchmark.suite else []
    return GAP.join([*project, " / ".join(where) or "any machine"])


def _change(change: PlacedChange) -> str:
    """In few words, for a table."""
    mark = MARKS[change.change.direction]
    recovered = ", recovered" if change.recovered_at is not None else ""
    return f"{mark} {wording.size(change)} at {wording.commits(change)} ({day(change.date)}){recovered}"


def _sentence(change: PlacedChange) -> str:
    """In full, between the points."""
    before, after = wording.levels(change)
    bounds = wording.interval(change.change)
    size = f"{wording.size(change)} ({bounds})" if bounds else wording.size(change)
    back = f", recovered at {_commit(change.recovered_at)}" if change.recovered_at is not None else ""
    mark = MARKS[change.change.direction]
    return (
        f"{mark} {change.change.direction.value} {size}: {before} → {after} at {wording.commits(change)},"
        f" sure by {wording.sureness(change.change)}{back}"
    )


def _style(change: PlacedChange) -> str:
    if change.change.direction is Direction.REGRESSION and change.recovered_at is not None:
        return "dim"
    return STYLES[MARKS[change.change.direction]]


def _interval(low: float, high: float, unit: str) -> str:
    if math.isnan(low) or math.isnan(high):
        return ""
    return plain(f"{format_value(low, unit)} … {format_value(high, unit)}")


def _commit(commit: str) -> str:
    return plain(commit[: wording.SHORT_HASH])


def _object(one: SeriesReport, *, points: bool) -> dict[str, object]:
    series, key, metric = one.series, one.series.key, one.series.key.metric
    found: dict[str, object] = {
        "id": str(key.benchmark),
        "project": key.benchmark.suite,
        "name": key.benchmark.name,
        "params": [{"name": name, "value": value} for name, value in key.benchmark.params],
        "metric": {"name": metric.name, "unit": metric.unit, "better": metric.better.value},
        "machine": key.machine,
        "environment": key.environment,
        "branch": key.branch,
        "count": len(series),
        "first": series.commits[0] if len(series) else None,
        "last": series.commits[-1] if len(series) else None,
        "value": float(series.values[-1]) if len(series) else None,
        "changes": [_change_object(change) for change in one.changes],
    }
    if points:
        found["points"] = [
            {"commit": commit, "date": date, "value": value, "low": low, "high": high, "version": version}
            for commit, date, value, low, high, version in zip(
                series.commits,
                series.dates.tolist(),
                series.values.tolist(),
                map(_finite, series.low.tolist()),
                map(_finite, series.high.tolist()),
                series.versions,
                strict=True,
            )
        ]
    return found


def _change_object(placed: PlacedChange) -> dict[str, object]:
    change = placed.change
    return {
        "index": change.index,
        "earliest": change.earliest,
        "latest": change.latest,
        "direction": change.direction.value,
        "before": _finite(change.before),
        "after": _finite(change.after),
        "ratio": _finite(change.ratio),
        "low": _finite(change.low),
        "high": _finite(change.high),
        "difference": _finite(change.difference),
        "sureness": _finite(change.sureness),
        "since": placed.since,
        "commit": placed.commit,
        "date": placed.date,
        "between": None if placed.between is None else list(placed.between),
        "recovered_at": placed.recovered_at,
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
