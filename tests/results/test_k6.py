"""Reading k6's summaries: all layouts tell the same."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from perfbench.model import Better, Measurement, Metric, Summary
from perfbench.results import k6
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document

FILES = Path(__file__).parent / "files"
Rows = dict[tuple[str, str], Measurement]


def read(**metrics: object) -> ResultFile:
    known = {"http_req_duration": {"avg": 1.0, "med": 2.0}}
    file = document(json.dumps({"metrics": known | metrics}).encode())
    assert k6.recognises(file)
    return k6.read(file)


def rows_of(result: ResultFile) -> Rows:
    return {(str(row.benchmark), row.metric.name): row for row in result.side()}


@pytest.fixture(name="rows")
def _rows() -> Rows:
    result = k6.read(load(FILES / "k6_handle_summary.json"))
    assert result.problems == ()
    assert result.seconds == pytest.approx(30.1255)
    return rows_of(result)


def test_a_trend_of_times_is_a_summary_in_seconds_and_a_metric_for_each_percentile(rows: Rows) -> None:
    assert rows["http_req_duration", "time"].metric == Metric("time", "seconds")
    assert rows["http_req_duration", "time"].summary == Summary(
        median=140 * 1e-3,
        mean=150.25 * 1e-3,
        minimum=100.5 * 1e-3,
        maximum=900.75 * 1e-3,
        count=180,
    )
    assert rows["http_req_duration", "p95"].metric == Metric("p95", "seconds")
    assert rows["http_req_duration", "p95"].summary == Summary(420.125 * 1e-3)
    assert rows["http_req_duration", "p90"].summary == Summary(300.5 * 1e-3)


def test_the_tags_of_a_part_are_the_params_of_its_row(rows: Rows) -> None:
    row = rows["http_req_duration(login)", "time"]
    assert row.benchmark.params == (("scenario", "login"),)
    assert row.summary == Summary(
        median=280 * 1e-3, mean=300.5 * 1e-3, minimum=201 * 1e-3, maximum=1801.5 * 1e-3
    )


@pytest.mark.parametrize(
    ("name", "share", "better"),
    [
        ("http_req_failed", 0.05, Better.LOWER),
        ("checks", 0.95, Better.HIGHER),
        ("cache_hits", 0.75, Better.HIGHER),
    ],
)
def test_a_rate_is_a_share_of_so_many(rows: Rows, name: str, share: float, better: Better) -> None:
    row = rows[name, "rate"]
    assert row.metric == Metric("rate", "share", better)
    assert row.summary is not None
    assert row.summary.mean == pytest.approx(share)
    assert row.summary.stddev == pytest.approx(math.sqrt(share * (1 - share)))
    assert row.summary.count == 180


@pytest.mark.parametrize(
    ("name", "unit", "better"),
    [
        ("http_reqs", "1/s", Better.HIGHER),
        ("data_received", "bytes/s", Better.NONE),
        ("retries", "1/s", Better.LOWER),
    ],
)
def test_a_counter_is_a_throughput_with_a_direction_where_one_is_known(
    rows: Rows, name: str, unit: str, better: Better
) -> None:
    assert rows[name, "throughput"].metric == Metric("throughput", unit, better)


def test_a_trend_of_other_things_has_the_direction_of_its_thresholds(rows: Rows) -> None:
    assert rows["basket_value", "track"].metric == Metric("track", "count", Better.HIGHER)
    assert rows["basket_value", "p95"].metric == Metric("p95", "count", Better.HIGHER)
    assert rows["response_size", "track"].metric == Metric("track", "bytes")


def test_a_gauge_is_its_last_value(rows: Rows) -> None:
    assert rows["vus", "track"].metric.better == Better.NONE
    assert rows["vus", "track"].summary == Summary(3, minimum=1, maximum=5)


def test_the_new_layout_tells_the_same_but_for_the_directions_that_thresholds_gave(rows: Rows) -> None:
    result = k6.read(load(FILES / "k6_machine_readable.json"))
    assert (result.problems, result.seconds) == ((), 30.1255)
    newer = rows_of(result)
    assert newer.keys() == rows.keys()
    for key, row in newer.items():
        name, metric = key
        directed = name in ("basket_value", "cache_hits", "retries")
        assert directed or row.metric == rows[key].metric
        if metric == "throughput":  # the new layout has counts; these ran for as long, but for rounding
            assert row.summary is not None
            assert row.summary.median is not None
        else:
            assert row.summary == rows[key].summary
    throughput = newer["http_reqs", "throughput"].summary
    assert throughput is not None
    assert throughput.median == pytest.approx(180 / 30.1255)


@pytest.mark.parametrize("entry", [3, None, {"name": 3}, {}])
def test_an_entry_of_the_new_layout_without_a_name_is_a_problem(entry: object) -> None:
    data = json.loads((FILES / "k6_machine_readable.json").read_text(encoding="utf-8"))
    data["results"]["metrics"].append(entry)
    result = k6.read(document(json.dumps(data).encode()))
    assert len(result.problems) == 1
    assert len(result.side()) > 10


def test_both_older_layouts_tell_the_same(rows: Rows) -> None:
    older = rows_of(k6.read(load(FILES / "k6_summary_export.json")))
    assert len(older) > 10
    for key, row in older.items():
        assert (row.metric, row.summary) == (rows[key].metric, rows[key].summary)


def test_thresholds_that_disagree_give_no_direction() -> None:
    result = read(
        held={"value": 1, "passes": 3, "fails": 0, "thresholds": {"rate<0.9": True, "rate>0.1": True}}
    )
    assert rows_of(result)["held", "rate"].metric.better == Better.NONE


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (3, "odd: is not a metric with a name"),
        ({}, "odd: is no trend, rate, counter or gauge"),
        ({"passes": 0, "fails": 0}, "odd: is a rate of nothing"),
        ({"passes": -1, "fails": 3}, "odd: is a rate of nothing"),
        ({"value": float("inf")}, "odd: is no trend"),
        ({"rate": 10**400, "count": 1}, "odd: is no trend"),
        ({"type": "rate", "values": []}, "odd: is no trend"),
    ],
)
def test_a_metric_that_cannot_be_used_is_named_and_the_others_count(metric: object, said: str) -> None:
    result = read(odd=metric)
    assert said in result.problems[0].message
    assert ("http_req_duration", "time") in rows_of(result)
