"""Reads what criterion.rs keeps in `target/criterion`: the whole folder, or one file of it."""

from __future__ import annotations

import csv
import math
import os
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from perfbench.errors import UsageError
from perfbench.model import BenchmarkId, Measurement, Metric, Run, Summary
from perfbench.results.document import MAX_BYTES, Document, load
from perfbench.results.gathering import UNKNOWN, Gathering, UnusableError
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import HEAD, ResultFile
from perfbench.results.text_lines import numbered

NAME = "Criterion's files"
FOLDER_NAME = "Criterion (target/criterion)"

BASE, NEW = "base", "new"
"""What criterion.rs calls the sides unless a name is given with `--save-baseline`."""

_TIME = Metric("time", "seconds")
_NANO = 1e-9
_IDENTITY, _SAMPLE, _ESTIMATES = "benchmark.json", "sample.json", "estimates.json"
_RAW_HEADER = b"group,function,value,"
_MOST_FOLDERS = 20_000
_MOST_SAMPLES = 2_000_000


class _Identity(msgspec.Struct, frozen=True):
    """`benchmark.json`."""

    group_id: str
    function_id: str | None = None
    value_str: str | None = None


class _Sample(msgspec.Struct, frozen=True):
    """`sample.json`: how often each sample called the benchmark, and how many nanoseconds that took."""

    iters: tuple[float, ...]
    times: tuple[float, ...]


class _Bounds(msgspec.Struct, frozen=True):
    """An interval of criterion's bootstrap."""

    confidence_level: float
    lower_bound: float
    upper_bound: float


class _Estimate(msgspec.Struct, frozen=True):
    """One statistic in nanoseconds."""

    point_estimate: float
    confidence_interval: _Bounds


class _Estimates(msgspec.Struct, frozen=True):
    """`estimates.json`; before version 0.4 its keys began with capitals."""

    mean: _Estimate
    median: _Estimate
    std_dev: _Estimate


def recognises(document: Document) -> bool:
    """Whether it is a `sample.json`, `estimates.json`, `benchmark.json` or `raw.csv` of criterion.rs."""
    if document.data.startswith(_RAW_HEADER):
        return True
    match document.json_value:
        case {"iters": list(), "times": list()} | {"group_id": str(), "function_id": _, "value_str": _}:
            return True
        case {"Mean": {"point_estimate": _}} | {"mean": {"point_estimate": _}}:
            return True
        case [[float() | int(), *_] as counts, [float() | int(), *_] as times]:
            return len(counts) == len(times)
        case _:
            return False


def read(document: Document) -> ResultFile:
    """The one benchmark of a file, as the side `head`.

    `benchmark.json` beside it says which that is; of `benchmark.json` itself the samples beside it count.
    """
    gathering = Gathering(document.path)
    try:
        gathering.take(_measurement(document, gathering))
    except (msgspec.ValidationError, UnusableError, UsageError) as error:
        gathering.note(str(error))
    return gathering.result()


def recognises_folder(folder: Path) -> bool:
    """Whether benchmarks of criterion.rs lie anywhere below."""
    return next(_kept(folder), None) is not None


def read_folder(folder: Path, part: str = "") -> ResultFile:
    """All benchmarks below; `new` is the side `head`, baselines have their names. `part` names one, as `head`.

    criterion.rs saves each run as its own `base` when it is done, so a `base` that is the same as `new` in every
    sample is left out. Each is one process, so one run. Raises UsageError where no baseline has that name.
    """
    gathering = Gathering(str(folder))
    found: dict[str, list[Measurement]] = {}
    size = 0
    for kept in _kept(folder):
        size += sum(file.stat().st_size for file in (kept / _SAMPLE, kept / _ESTIMATES) if file.is_file())
        if size > MAX_BYTES:
            gathering.note(f"holds more than {MAX_BYTES // 1024**2} MiB; the rest was not read")
            break
        if part in ("", kept.name):
            try:
                measurement = _measurement(load(kept / _IDENTITY), gathering)
            except (msgspec.ValidationError, UnusableError, UsageError) as error:
                gathering.note(f"{kept.relative_to(folder)}: {error}")
                continue
            found.setdefault(kept.name, []).append(measurement)
    if part and not found:
        names = ", ".join(sorted({kept.name for kept in _kept(folder)}))
        raise UsageError(f"{folder} has no baseline {part!r}", f"it has {names}")
    if _same_samples(found.get(BASE, []), found.get(NEW, [])):
        del found[BASE]
    for name in sorted(found, key=lambda name: (name == NEW, name)):
        for measurement in found[name]:
            gathering.take(measurement, HEAD if name in (NEW, part) else name)
    return gathering.result()


def _kept(folder: Path) -> Iterator[Path]:
    """The folders below that hold one benchmark of one baseline, in the order of their names."""
    for number, (place, folders, files) in enumerate(os.walk(folder)):
        if number >= _MOST_FOLDERS:
            return
        folders.sort()
        is_kept = _IDENTITY in files and (_SAMPLE in files or _ESTIMATES in files)
        # A pipe would be waited for.
        if is_kept and Path(place, _IDENTITY).is_file():
            yield Path(place)


def _same_samples(base: list[Measurement], new: list[Measurement]) -> bool:
    known = {measurement.benchmark: measurement.runs for measurement in new}
    return bool(base) and all(row.runs and known.get(row.benchmark) == row.runs for row in base)


def _measurement(document: Document, gathering: Gathering) -> Measurement:
    """What one file says. Raises UnusableError, UsageError or ValidationError where it says nothing."""
    if document.data.startswith(_RAW_HEADER):
        benchmark, sample = _raw(document)
        return Measurement(benchmark, _TIME, _runs(sample), UNKNOWN, document.path)
    value = _json(document, gathering)
    if "group_id" in value:
        return _measurement_beside(document, value, gathering)
    benchmark = _benchmark_beside(document, gathering)
    if "iters" in value:
        runs = _runs(msgspec.convert(value, _Sample))
        return Measurement(benchmark, _TIME, runs, UNKNOWN, document.path)
    return Measurement(benchmark, _TIME, (), UNKNOWN, document.path, _summary(value))


def _json(document: Document, gathering: Gathering) -> dict[str, Any]:
    """The object that a file holds; `sample.json` of version 0.3 and before is a pair of lists."""
    try:
        parsed = document.json
    except MalformedError as error:
        raise UnusableError(error.message) from error
    gathering.note_repeated(parsed.repeated)
    match parsed.value:
        case dict(value):
            return value
        case [list(iters), list(times)]:
            return {"iters": iters, "times": times}
        case _:
            raise UnusableError("is none of Criterion's files")


def _measurement_beside(document: Document, value: object, gathering: Gathering) -> Measurement:
    """The samples beside a `benchmark.json`, or else the estimates."""
    benchmark = _benchmark(value)
    folder = Path(document.path).parent
    if (folder / _SAMPLE).is_file():
        runs = _runs(msgspec.convert(_json(load(folder / _SAMPLE), gathering), _Sample))
        return Measurement(benchmark, _TIME, runs, UNKNOWN, str(folder / _SAMPLE))
    if (folder / _ESTIMATES).is_file():
        summary = _summary(_json(load(folder / _ESTIMATES), gathering))
        return Measurement(benchmark, _TIME, (), UNKNOWN, str(folder / _ESTIMATES), summary)
    raise UnusableError(f"names {benchmark}, but neither {_SAMPLE} nor {_ESTIMATES} stands beside it")


def _benchmark_beside(document: Document, gathering: Gathering) -> BenchmarkId:
    """What the `benchmark.json` beside a file says; else the file's own name."""
    path = Path(document.path)
    beside = path.with_name(_IDENTITY)
    if beside.is_file():
        return _benchmark(_json(load(beside), gathering))
    gathering.note(
        f"no {_IDENTITY} stands beside it, which would name the benchmark: it is called {path.stem}"
    )
    return BenchmarkId("", path.stem)


def _benchmark(value: object) -> BenchmarkId:
    identity = msgspec.convert(value, _Identity)
    return _named(identity.group_id, identity.function_id or "", identity.value_str or "")


def _named(group: str, function: str, value: str) -> BenchmarkId:
    if not group:
        raise UnusableError("has no name")
    return BenchmarkId("", f"{group}/{function}" if function else group, (("value", value),) if value else ())


def _raw(document: Document) -> tuple[BenchmarkId, _Sample]:
    """`raw.csv`: each line names the benchmark, a time and a count."""
    named: set[tuple[str, str, str]] = set()
    counts: list[float] = []
    times: list[float] = []
    try:
        for row in csv.DictReader(line for _, line in numbered(document.text)):
            named.add((row["group"] or "", row["function"] or "", row["value"] or ""))
            if len(named) > 1:
                raise UnusableError("holds more than one benchmark")
            if len(counts) >= _MOST_SAMPLES:
                raise UnusableError(f"holds more than {_MOST_SAMPLES} samples")
            count, time = _counted(row)
            counts.append(count)
            times.append(time)
    except (MalformedError, csv.Error) as error:
        raise UnusableError(str(error)) from error
    if not named:
        raise UnusableError("holds no samples")
    return _named(*named.pop()), _Sample(tuple(counts), tuple(times))


def _counted(row: dict[str, str]) -> tuple[float, float]:
    """The count and the time of a line; the time's column was renamed when it got a unit."""
    if row.get("unit", "ns") not in ("ns", None):
        raise UnusableError("is not in nanoseconds, the only unit that is read")
    try:
        time = row["sample_measured_value"] if "unit" in row else row["sample_time_nanos"]
        return float(row["iteration_count"]), float(time)
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableError("has a line without a time or a count") from error


def _runs(sample: _Sample) -> tuple[Run, ...]:
    """All samples of a benchmark are one process's."""
    if not sample.iters or len(sample.iters) != len(sample.times):
        raise UnusableError(f"has {len(sample.times)} times but {len(sample.iters)} counts of iterations")
    if not all(0 < count < 2**53 for count in sample.iters) or not all(map(math.isfinite, sample.times)):
        raise UnusableError("has a time or a count that is not a finite number above zero")
    values = tuple(time / count * _NANO for count, time in zip(sample.iters, sample.times, strict=True))
    return (Run(values, 0, 0.0, loops=max(1, int(statistics.median_low(sample.iters)))),)


def _summary(value: dict[str, Any]) -> Summary:
    old = {"Mean": "mean", "Median": "median", "StdDev": "std_dev"}
    found = msgspec.convert({old.get(key, key): part for key, part in value.items()}, _Estimates)
    bounds = found.median.confidence_interval
    figures = (
        found.median.point_estimate, found.mean.point_estimate, found.std_dev.point_estimate,
        bounds.lower_bound, bounds.upper_bound,
    )  # fmt: skip
    if not all(map(math.isfinite, figures)):
        raise UnusableError("has an estimate that is not a finite number")
    median, mean, stddev, low, high = (figure * _NANO for figure in figures)
    return Summary(median, mean, stddev, low=low, high=high, confidence=bounds.confidence_level)
