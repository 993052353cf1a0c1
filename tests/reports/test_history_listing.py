"""A history in a terminal: a table of many series, every point of a few."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from perfbench.model import BenchmarkId, Metric, Problem
from perfbench.model_history import (
    Change,
    Direction,
    HistoryReport,
    PlacedChange,
    Series,
    SeriesKey,
    SeriesReport,
)
from perfbench.reports import history_listing

from .golden import assert_golden
from .paper import log

DAY = 86_400.0


def commit(number: int) -> str:
    return f"{number:08x}" + "0" * 32


def series(
    name: str, *values: float, machine: str = "box", params: tuple[tuple[str, str], ...] = ()
) -> Series:
    count = len(values)
    unknown = np.full(count, np.nan)
    known = np.array(values, dtype=np.float64)
    return Series(
        SeriesKey(BenchmarkId("p", name, params), Metric("time", "seconds"), machine, "py3.12", "main"),
        [commit(number) for number in range(count)],
        np.arange(count, dtype=np.float64) * DAY + 1_700_000_000,
        known,
        known * 0.98 if name.endswith("known") else unknown,
        known * 1.02 if name.endswith("known") else unknown,
        ["v1"] * (count - 1) + ["v2"] * (count > 0),
    )


def with_change(one: Series, ratio: float, *, recovered: bool = False) -> SeriesReport:
    direction = Direction.REGRESSION if ratio > 1 else Direction.IMPROVEMENT
    change = Change(
        2, 1, 2, 0.1, 0.1 * ratio, ratio, ratio * 0.97, ratio * 1.03, 0.1 * (ratio - 1), 0.999, direction
    )
    back = commit(3) if recovered else None
    return SeriesReport(one, (PlacedChange(one.key, change, commit(1), commit(2), DAY * 20_000, (), back),))


MANY = HistoryReport(
    "p",
    (
        with_change(series("m.Parse.time_known", 0.1, 0.1, 0.138, 0.138), 1.38),
        with_change(series("m.Parse.time_gone", 0.1, 0.1, 0.2, 0.1), 2.0, recovered=True),
        with_change(series("m.Parse.time_read", 0.1, 0.1, 0.08, 0.08, params=(("n", "10"),)), 0.8),
        SeriesReport(series("m.Parse.time_once", 0.25)),
        SeriesReport(series("m.Parse.time_known", 0.1, 0.1, machine="tin")),
        SeriesReport(series("m.time_\x1b[31mred", 0.1, 0.1, 0.1)),
    ),
    {},
    tuple(Problem(f"results/box/{number}.json", None, "is empty") for number in range(12)),
    0.0,
)
FEW = replace(MANY, reports=MANY.reports[:2], problems=())


@pytest.mark.parametrize("width", [80, 120])
def test_many_series_are_a_table(width: int) -> None:
    sheet, paper = log(width)
    history_listing.render(MANY, sheet)
    assert "\x1b" not in paper.text
    assert_golden(f"history_many_{width}.txt", paper.text)


def test_of_few_series_every_point_and_change_is_shown() -> None:
    sheet, paper = log(100)
    history_listing.render(FEW, sheet)
    assert_golden("history_few.txt", paper.text)


def test_all_problems_are_listed_on_request() -> None:
    sheet, paper = log(100)
    history_listing.render(MANY, sheet, problems=True)
    assert paper.text.count("is empty") == 12


def test_json_holds_the_same_and_points_on_request() -> None:
    assert_golden("history.json", history_listing.render_json(FEW, points=True))
    short = json.loads(history_listing.render_json(MANY, points=False))
    assert [one["count"] for one in short["series"]] == [4, 4, 4, 1, 2, 3]
    assert "points" not in short["series"][0]
    assert len(short["problems"]) == 12


def test_a_series_without_points_is_shown_as_such() -> None:
    sheet, paper = log(100)
    history_listing.render(replace(FEW, reports=(SeriesReport(series("m.time_none")),) * 4), sheet)
    assert "m.time_none" in paper.text
