"""Reads the JSON of JMH (`-rf json`): its forks are the runs, its iterations the samples."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from perfbench.model import BenchmarkId, Better, Environment, Measurement, Metric, Run, Summary
from perfbench.results.document import Document
from perfbench.results.foreign_units import metric_of
from perfbench.results.gathering import UNKNOWN, Gathering, UnusableError
from perfbench.results.json_text import MalformedError
from perfbench.results.lines import Number
from perfbench.results.result_file import ResultFile, unreadable

NAME = "JMH JSON"

_CONFIDENCE = 0.999
"""Of JMH's `scoreConfidence`."""

_TAILS = {"90.0": "p90", "95.0": "p95", "99.0": "p99", "99.9": "p99.9"}
_MODES_WITH_NAMES = ("sample", "ss")

_Histogram = tuple[tuple[Number, int], ...]


class _Score(msgspec.Struct, frozen=True, rename="camel"):
    """One metric of one benchmark; `raw_data_histogram` stands in mode `sample` in place of `raw_data`."""

    score_unit: str
    score: Number = "NaN"
    score_confidence: tuple[Number, ...] = ()
    score_percentiles: dict[str, Number] = {}
    raw_data: tuple[tuple[Number, ...], ...] = ()
    raw_data_histogram: tuple[tuple[_Histogram, ...], ...] = ()


class _Benchmark(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of the file."""

    benchmark: str
    primary_metric: _Score
    mode: str = ""
    params: dict[str, str | float | bool | None] = {}
    secondary_metrics: dict[str, Any] = {}
    jmh_version: str | None = None
    jdk_version: str | None = None
    vm_name: str | None = None
    vm_version: str | None = None


def recognises(document: Document) -> bool:
    """Whether the file is JMH's: a list of benchmarks with a primary metric."""
    match document.json_value:
        case [{"benchmark": _, "primaryMetric": _}, *_]:
            return True
        case _:
            return False


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`; entries that cannot be used are problems.

    Each fork is a run. In mode `sample` its samples are the means of the iterations, and the
    percentiles that JMH kept are metrics `p90` … `p99.9`. Modes `sample` and `ss` are a param of the row.
    """
    try:
        parsed = document.json
    except MalformedError as error:
        return unreadable(document.path, error.message, error.line)
    entries: Any = parsed.value
    gathering = Gathering(document.path)
    gathering.note_repeated(parsed.repeated)
    for number, data in enumerate(entries):
        try:
            _take(msgspec.convert(data, _Benchmark), gathering)
        except (msgspec.ValidationError, UnusableError) as error:
            gathering.note(f"[{number}]: {error}")
    return gathering.result()


def _take(entry: _Benchmark, gathering: Gathering) -> None:
    """All metrics of one benchmark; unusable secondary ones are noted. Raises UnusableError for the first."""
    if not entry.benchmark.strip():
        raise UnusableError("has no name")
    params = tuple((name, str(value)) for name, value in entry.params.items())
    if entry.mode in _MODES_WITH_NAMES:
        params = (*params, ("mode", entry.mode))
    benchmark = BenchmarkId("", entry.benchmark.strip(), params)
    environment = _environment(entry)

    def keep(metric: Metric, runs: tuple[Run, ...], summary: Summary | None) -> None:
        gathering.take(Measurement(benchmark, metric, runs, environment, gathering.path, summary))

    metric, factor = metric_of(entry.primary_metric.score_unit)
    keep(metric, *_figures(entry.primary_metric, factor))
    if entry.primary_metric.raw_data_histogram:
        for name, value in _tails(entry.primary_metric, factor):
            keep(dataclasses.replace(metric, name=name), (), Summary(value))
    for name, data in entry.secondary_metrics.items():
        try:
            score = msgspec.convert(data, _Score)
            metric, factor = _secondary(name, score.score_unit)
            keep(metric, *_figures(score, factor))
        except (msgspec.ValidationError, UnusableError) as error:
            gathering.note(f"{benchmark}, {name}: {error}")


def _secondary(name: str, unit: str) -> tuple[Metric, float]:
    """The metric of a profiler or of one thread group; only work done and what a call costs have a direction."""
    metric, factor = metric_of(unit)
    directed = metric.unit == "ops/s" or unit.endswith("/op")
    better = metric.better if directed else Better.NONE
    return Metric(name.strip("· \t"), metric.unit, better), factor


def _figures(score: _Score, factor: float) -> tuple[tuple[Run, ...], Summary | None]:
    """The runs, or the summary where the file has none. Raises UnusableError where it has neither."""
    forks = score.raw_data or tuple(tuple(map(_mean, iterations)) for iterations in score.raw_data_histogram)
    runs = tuple(
        Run(tuple(_scaled(value, factor) for value in values), number, 0.0)
        for number, values in enumerate(forks)
        if values
    )
    if runs:
        return runs, None
    low, high = score.score_confidence if len(score.score_confidence) == 2 else ("NaN", "NaN")
    summary = Summary(
        median=_told(score.score_percentiles.get("50.0", "NaN"), factor),
        mean=_scaled(score.score, factor),
        low=_told(low, factor),
        high=_told(high, factor),
        confidence=_CONFIDENCE,
        minimum=_told(score.score_percentiles.get("0.0", "NaN"), factor),
        maximum=_told(score.score_percentiles.get("100.0", "NaN"), factor),
    )
    return (), summary


def _tails(score: _Score, factor: float) -> Iterator[tuple[str, float]]:
    for key, name in _TAILS.items():
        value = _told(score.score_percentiles.get(key, "NaN"), factor)
        if value is not None:
            yield name, value


def _mean(histogram: _Histogram) -> float:
    """Of values that occurred so many times each. Raises UnusableError where none did."""
    if any(count < 0 for _, count in histogram) or not (total := sum(count for _, count in histogram)):
        raise UnusableError("has a histogram without samples")
    return math.fsum(float(value) * (count / total) for value, count in histogram)


def _scaled(value: Number, factor: float) -> float:
    number = float(value) * factor
    if not math.isfinite(number):
        raise UnusableError("has a value that is not a finite number")
    return number


def _told(value: Number, factor: float) -> float | None:
    """The same for a figure that may be missing: JMH writes "NaN" where it has none."""
    number = float(value) * factor
    return number if math.isfinite(number) else None


def _environment(entry: _Benchmark) -> Environment:
    versions: Mapping[str, str | None] = {
        "JMH": entry.jmh_version,
        "JDK": entry.jdk_version,
        "JVM": " ".join(filter(None, (entry.vm_name, entry.vm_version))),
    }
    return dataclasses.replace(UNKNOWN, dependencies={name: text for name, text in versions.items() if text})
