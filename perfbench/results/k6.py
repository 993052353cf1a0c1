"""Reads k6's summary: `--summary-export`, and the data of `handleSummary()`.

Both are documented at https://grafana.com/docs/k6/latest/results-output/end-of-test/; times are in
milliseconds there, whatever unit the terminal shows. From k6 1.5 on both may have one new layout
(`--new-machine-readable-summary`), version 1 of the schema in k6's `internal/lib/summary/machinereadable`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from perfbench.model import BenchmarkId, Better, Measurement, Metric, Summary
from perfbench.results.document import Document
from perfbench.results.gathering import UNKNOWN, Gathering, UnusableError, share_of
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import ResultFile, unreadable
from perfbench.units import BYTES, SECONDS, SHARE

NAME = "k6 summary JSON"

_OWN_TIMES = re.compile(
    r"(http_req|grpc_req|ws|iteration|group|browser_http_req)_\w+|browser_web_vital_(?!cls)\w+"
)
"""What k6 itself measures in milliseconds; its older export does not tell times from other numbers."""

_BETTER = {
    "checks": Better.HIGHER,
    "http_reqs": Better.HIGHER,
    "iterations": Better.HIGHER,
    "dropped_iterations": Better.LOWER,
    "http_req_failed": Better.LOWER,
}

_CHECKS = {"checks_succeeded": "checks"}
_CHECKS_TOLD_BY_OTHERS = {"checks_total", "checks_failed"}

_PERCENTILE = re.compile(r"p\((\d{1,2}(?:\.\d{1,4})?)\)")
_THRESHOLD = re.compile(r"\s*[a-z]+(?:\([\d.]+\))?\s*([<>])")
_TAGGED = re.compile(r"([^{]*)\{(.*)\}", re.DOTALL)

Values = Mapping[str, float]
"""A metric's figures by k6's names for them, finite ones alone."""


def recognises(document: Document) -> bool:
    """Whether the file is k6's: metrics that have its types, or the rate of its iterations beside them."""
    match document.json_value:
        case {"metadata": {"k6Version": _}, "results": {"metrics": list()}}:
            return True
        case {"metrics": {"iterations": {"count": _, "rate": _}}}:
            return True
        case {"metrics": {"http_req_duration": {"avg": _, "med": _}}}:
            return True
        case {"metrics": dict(metrics)}:
            return any(
                isinstance(metric, dict) and {"type", "values"} <= metric.keys()
                for metric in metrics.values()
            )
        case _:
            return False


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`: a row for each of k6's metrics and each of its tagged parts.

    A trend is a summary and a metric for each percentile; a rate is a share, a counter a throughput, a
    gauge its last value. Where k6 gives none, a metric's direction is that of its thresholds.
    """
    try:
        parsed = document.json
    except MalformedError as error:
        return unreadable(document.path, error.message, error.line)
    data: Any = parsed.value
    gathering = Gathering(document.path)
    gathering.note_repeated(parsed.repeated)
    seconds = _seconds(data)
    older = data.get("metrics")
    metrics = older if isinstance(older, dict) else _named(data["results"], seconds)
    for name, metric in metrics.items():
        try:
            for found, summary in _figures(name, metric, _made_of(name, metrics)):
                gathering.take(Measurement(_benchmark(name), found, (), UNKNOWN, document.path, summary))
        except UnusableError as error:
            gathering.note(f"{name}: {error}")
    return gathering.result(seconds=seconds)


def _named(results: dict[str, Any], seconds: float | None) -> dict[str, Any]:
    """The metrics of the new layout as the older ones have them, by name, with rates by the second."""
    checks = results.get("checks")
    listed = checks.get("metrics") if isinstance(checks, dict) else None
    found: dict[str, Any] = {}
    for metric in (*results["metrics"], *(listed if isinstance(listed, list) else ())):
        name = metric.get("name") if isinstance(metric, dict) else None
        if not isinstance(name, str):
            found.setdefault("", metric)
        elif name not in _CHECKS_TOLD_BY_OTHERS:
            found.setdefault(
                _CHECKS.get(name, name), metric | {"values": _completed(_values(metric), seconds)}
            )
    return found


def _completed(values: Values, seconds: float | None) -> Values:
    match values:
        case {"matches": matches, "total": total}:
            return {"passes": matches, "fails": total - matches}
        case {"count": count} if len(values) == 1 and seconds:
            return {"count": count, "rate": count / seconds}
        case _:
            return values


def _benchmark(name: str) -> BenchmarkId:
    """`http_req_duration{scenario:login}` is a row with a param."""
    tagged = _TAGGED.fullmatch(name)
    if tagged is None:
        return BenchmarkId("", name)
    pairs = (tag.partition(":") for tag in tagged[2].split(","))
    return BenchmarkId("", tagged[1], tuple((key.strip(), value.strip()) for key, _, value in pairs))


def _made_of(name: str, metrics: Mapping[str, object]) -> float | None:
    """How many samples a trend of k6's own has: as many as its requests or iterations were counted."""
    own, brace, tags = name.partition("{")
    counter = (
        "http_reqs" if own.startswith("http_req_") else "iterations" if own == "iteration_duration" else ""
    )
    return _values(metrics.get(f"{counter}{brace}{tags}")).get("count")


def _figures(name: str, metric: object, count: float | None) -> Iterator[tuple[Metric, Summary]]:
    """What one of k6's metrics tells. Raises UnusableError where it is of no kind that k6 has."""
    if not isinstance(metric, dict) or not name.strip():
        raise UnusableError("is not a metric with a name")
    values = _values(metric)
    known = _BETTER.get(name.partition("{")[0])
    better = known or _bounded_side(metric.get("thresholds"))
    if {"avg", "med"} & values.keys() or any(map(_PERCENTILE.fullmatch, values)):
        counted = {"count": count} if count is not None else {}
        yield from _trend(name, metric.get("contains"), {**counted, **values}, better or Better.LOWER)
        return
    better = better or Better.NONE
    if "passes" in values and "fails" in values:
        passes, fails = values["passes"], values["fails"]
        if passes < 0 or fails < 0 or not 1 <= passes + fails < 2**53:
            raise UnusableError("is a rate of nothing")
        yield Metric("rate", SHARE, better), share_of(passes, passes + fails)
    elif "rate" in values:
        unit = f"{BYTES}/s" if metric.get("contains") == "data" or name.startswith("data_") else "1/s"
        yield Metric("throughput", unit, better), Summary(values["rate"])
    elif "value" in values:
        low, high = values.get("min"), values.get("max")
        yield Metric("track", "count", better), Summary(values["value"], minimum=low, maximum=high)
    else:
        raise UnusableError("is no trend, rate, counter or gauge")


def _trend(name: str, contains: object, values: Values, better: Better) -> Iterator[tuple[Metric, Summary]]:
    is_time = contains == "time" or (contains is None and _OWN_TIMES.match(name))
    main, unit, factor = (
        ("time", SECONDS, 1e-3) if is_time else ("track", BYTES if contains == "data" else "count", 1.0)
    )
    found = {statistic: value * factor for statistic, value in values.items()}
    if {"avg", "med"} & found.keys():
        summary = Summary(
            median=found.get("med"),
            mean=found.get("avg"),
            count=_count(values.get("count")),
            minimum=found.get("min"),
            maximum=found.get("max"),
        )
        yield Metric(main, unit, better), summary
    for statistic, value in found.items():
        if percentile := _PERCENTILE.fullmatch(statistic):
            yield Metric(f"p{percentile[1]}", unit, better), Summary(value)


def _bounded_side(thresholds: object) -> Better | None:
    """The direction that all thresholds of a metric agree on: one bounded from above is better when lower."""
    rules = thresholds if isinstance(thresholds, dict) else {}
    signs = {found[1] for rule in rules if (found := _THRESHOLD.match(rule))}
    if len(signs) != 1:
        return None
    return Better.LOWER if signs == {"<"} else Better.HIGHER


def _values(metric: object) -> Values:
    """The figures of a metric, wherever its layout keeps them."""
    inner = metric.get("values", metric) if isinstance(metric, dict) else None
    return _numbers(inner) if isinstance(inner, dict) else {}


def _numbers(values: Mapping[str, object]) -> Values:
    found: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                continue
            if math.isfinite(number):
                found[name] = number
    return found


def _count(number: float | None) -> int | None:
    return int(number) if number is not None and 1 <= number < 2**53 else None


def _seconds(data: Mapping[str, object]) -> float | None:
    """How long the test ran, where the file tells."""
    for part, key, factor in (("state", "testRunDurationMs", 1e-3), ("config", "duration", 1.0)):
        duration = _values(data.get(part)).get(key)
        if duration is not None and duration >= 0:
            return duration * factor
    return None
