"""Writes the points of series as CSV, for spreadsheets, or as JSON Lines, for programs; a point a line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from perfbench.model_history import Series
from perfbench.results.csv_export import shown_text

COLUMNS = (
    "project", "benchmark", "params", "metric", "unit", "better", "machine", "environment", "branch", "commit",
    "date", "value", "low", "high", "version",
)  # fmt: skip
"""`benchmark` is the name without params, `params` reads `name=value; name=value`, `date` is the commit's in ISO
8601 and UTC, `value` with its 99 % interval is in `unit`. A cell is empty where that is not known."""


class PointLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of JSON Lines; `date` in seconds since the epoch, numbers in `unit`."""

    project: str
    benchmark: str
    params: tuple[tuple[str, str], ...]
    metric: str
    unit: str
    better: str
    machine: str
    environment: str
    branch: str
    commit: str
    date: float
    value: float
    low: float | None = None
    high: float | None = None
    version: str = ""


def csv_lines(found: Iterable[Series]) -> Iterator[str]:
    """The file's text (RFC 4180), a part for each series; text that a spreadsheet would run gets an apostrophe."""
    yield _csv([COLUMNS])
    for series in found:
        benchmark, metric, key = series.key.benchmark, series.key.metric, series.key
        params = "; ".join(f"{name}={value}" for name, value in benchmark.params)
        first = [
            shown_text(cell)
            for cell in (
                benchmark.suite, benchmark.name, params, metric.name, metric.unit, metric.better.value,
                key.machine, key.environment, key.branch,
            )
        ]  # fmt: skip
        yield _csv(
            [
                *first,
                shown_text(commit),
                _day(date),
                repr(value),
                _cell(low),
                _cell(high),
                shown_text(version),
            ]
            for commit, date, value, low, high, version in _points(series)
        )


def json_lines(found: Iterable[Series]) -> Iterator[str]:
    """The same as JSON, an object a line."""
    for series in found:
        benchmark, metric, key = series.key.benchmark, series.key.metric, series.key
        place = (
            benchmark.suite, benchmark.name, benchmark.params, metric.name, metric.unit, metric.better.value,
            key.machine, key.environment, key.branch,
        )  # fmt: skip
        lines = [
            msgspec.json.encode(PointLine(*place, commit, date, value, _known(low), _known(high), version))
            for commit, date, value, low, high, version in _points(series)
        ]
        yield b"\n".join([*lines, b""]).decode()


def _points(series: Series) -> Iterator[tuple[str, float, float, float, float, str]]:
    return zip(
        series.commits,
        series.dates.tolist(),
        series.values.tolist(),
        series.low.tolist(),
        series.high.tolist(),
        series.versions,
        strict=True,
    )


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(bound: float) -> str:
    return "" if math.isnan(bound) else repr(bound)


def _known(bound: float) -> float | None:
    return None if math.isnan(bound) else bound


def _day(date: float) -> str:
    return datetime.fromtimestamp(date, UTC).isoformat()
