"""Reads what pyperf wrote: its layouts 5, 6 and 1.0, which are all that pyperf itself still reads."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec

from perfbench.model import BenchmarkId, Environment, Measurement, Metric, Problem, Run
from perfbench.results.document import Document
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import (
    HEAD,
    LATEST,
    MAX_PROBLEMS,
    Header,
    ResultFile,
    SideHeader,
    shortened,
    unreadable,
)

NAME = "pyperf JSON"

METRICS = {
    "second": Metric("time", "seconds"),
    "byte": Metric("peakmem", "bytes"),
    "integer": Metric("track", "count"),
}
"""What pyperf's units measure; pyperf knows no direction, less is better to it."""

OWN = "perfbench_"
"""Prefix of the metadata with which perfbench writes what pyperf has no place for."""

_ROUND, _STARTED = f"{OWN}round", f"{OWN}started"
_PLACES = frozenset({_ROUND, _STARTED})
_OF_ONE_RUN = _PLACES | {"loops", "inner_loops"}
"""What a run's own metadata seldom tell, beside the date."""

_NO_VALUES: list[float] = []
_OLDEST = 5
_VERSIONS = (_OLDEST, 6, "1.0")

Metadata = Mapping[str, Any]
"""Names to text, numbers or (tags) lists, in pyperf's own words."""


class _OwnParts(msgspec.Struct, frozen=True):
    """A benchmark that perfbench wrote, as it was before pyperf's one name."""

    suite: str
    name: str
    params: tuple[tuple[str, str], ...]
    metric: Metric


class _UnusableError(ValueError):
    """Why an entry cannot be used."""


def recognises(document: Document) -> bool:
    """Whether the file is pyperf's: it has a version, and benchmarks with runs (others' have none)."""
    match document.json_value:
        case {"benchmarks": [{"runs": list()}, *_], "version": _}:
            return True
        case {"benchmarks": [], "version": version}:
            return version in _VERSIONS
        case _:
            return False


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`; entries that cannot be used are problems.

    Each pyperf run is a run, in the order of the file, warm-ups and calibration left out. Its `loops`
    are pyperf's outer times inner ones. Dates without a zone are taken as local time, as pyperf writes them.
    """
    try:
        parsed = document.json
    except MalformedError as error:
        return unreadable(document.path, error.message, error.line)
    suite: Any = parsed.value
    version = suite.get("version")
    if version not in _VERSIONS or isinstance(version, bool):
        return unreadable(
            document.path,
            f"has pyperf layout {version!r}; 5, 6 and 1.0 are read: convert it with the pyperf that wrote it",
        )
    reading = _Reading(document.path, _OLD_KEYS if version == _OLDEST else _KEYS)
    for key in parsed.repeated:
        reading.note(f"the key {key!r} stands twice in one object; the last one counts")
    reading.take(suite)
    return reading.result()


@dataclass(frozen=True, slots=True)
class _Keys:
    """What a layout calls its parts."""

    suite_metadata: str | None
    metadata: str
    values: str


PROFILING_HOOKS = frozenset({"perf_record", "tachyon", "perfbench_py_spy", "perfbench_memray", "perfbench_tracemalloc",
                             "perfbench_cprofile", "perfbench_concurrency"})  # fmt: skip
"""pyperf's hooks under which values are those of the profiler as well: its own, and those of perfbench."""

_KEYS = _Keys("metadata", "metadata", "values")
_OLD_KEYS = _Keys(None, "common_metadata", "samples")


class _Reading:
    """What was understood of a file so far."""

    def __init__(self, path: str, keys: _Keys) -> None:
        self.path = path
        self.keys = keys
        self._measurements: dict[tuple[BenchmarkId, Metric], Measurement] = {}
        self._problems: list[Problem] = []

    def note(self, message: str) -> None:
        """Keep a problem; the first hundred will do."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Problem(self.path, None, shortened(message)))

    def take(self, suite: Mapping[str, Any]) -> None:
        """Understand every benchmark, or note why not."""
        common = _mapping(suite.get(self.keys.suite_metadata)) if self.keys.suite_metadata else {}
        for number, entry in enumerate(suite["benchmarks"]):
            place = f"benchmarks[{number}]"
            try:
                measurement = self._benchmark(entry, common, place)
            except _UnusableError as error:
                self.note(f"{place}: {error}")
                continue
            key = (measurement.benchmark, measurement.metric)
            if key in self._measurements:
                self.note(f"{place}: {measurement.benchmark} is there already; the first counts")
            else:
                self._measurements[key] = measurement

    def result(self) -> ResultFile:
        """All that was understood."""
        measurements = tuple(self._measurements.values())
        if not measurements:
            nothing = Problem(self.path, None, "holds no values")
            return ResultFile(Header("", 0.0, {}), problems=(*self._problems, nothing), complete=False)
        environment = measurements[0].environment
        created = min(run.started for measurement in measurements for run in measurement.runs)
        side = SideHeader("", environment.commit, environment.dirty, environment)
        return ResultFile(
            Header("", created, {HEAD: side}), {HEAD: measurements}, problems=tuple(self._problems)
        )

    def _benchmark(self, entry: object, common: Metadata, place: str) -> Measurement:
        """One benchmark; unusable runs of it are noted. Raises _UnusableError if nothing is left."""
        if not isinstance(entry, dict) or not isinstance(entry.get("runs"), list):
            raise _UnusableError("is not a benchmark with runs")
        shared: Metadata = {**common, **_mapping(entry.get(self.keys.metadata))}
        entries: Sequence[object] = entry["runs"]
        try:
            runs, metadata = self._runs(entries, shared)
        except _UnusableError:
            sound = [
                data for number, data in enumerate(entries) if self._sound(data, f"{place}.runs[{number}]")
            ]
            runs, metadata = self._runs(sound, shared)
        benchmark, metric = _identity(metadata)
        if not runs:
            raise _UnusableError(f"{benchmark} has no values")
        if watched := PROFILING_HOOKS & set(_text(metadata, "hooks").split(", ")):
            raise _UnusableError(
                f"{benchmark} ran under a profiler ({', '.join(sorted(watched))}): no measurement"
            )
        return Measurement(benchmark, metric, runs, _environment(metadata), self.path)

    def _sound(self, data: object, place: str) -> bool:
        """Whether a run can be used; why not is noted."""
        try:
            _check(data, self.keys.values)
        except _UnusableError as error:
            self.note(f"{place}: {error}")
            return False
        return True

    def _runs(self, entries: Iterable[object], shared: Metadata) -> tuple[tuple[Run, ...], Metadata]:
        """The runs that have values, and the metadata of the last one, with values or without.

        All are checked and built at once, which is several times as fast as one by one. Raises _UnusableError
        where any of them cannot be used.
        """
        loops, own, described = _loops(shared), _mapping(None), list[dict[str, Any]]()
        is_placed, date, key = not _PLACES.isdisjoint(shared), shared.get("date", ""), self.keys.values
        for data in entries:
            if not isinstance(data, dict):
                raise _UnusableError("is not a run")
            own = _mapping(data.get("metadata"))
            values = data.get(key, _NO_VALUES)
            if values == _NO_VALUES:
                continue  # it only calibrated
            run = {"values": values, "round": len(described), "loops": loops, "times": (), "cpu": ()}
            if is_placed or not _OF_ONE_RUN.isdisjoint(own):
                metadata = {**shared, **own}
                run["round"] = _count(metadata, _ROUND, len(described))
                run["loops"] = _loops(metadata)
                run["started"] = _started(metadata)
            else:
                run["started"] = _moment(own.get("date", date))
            described.append(run)
        return _built(described), {**shared, **own}


def _built(described: Sequence[Mapping[str, Any]]) -> tuple[Run, ...]:
    """Runs by the names of their fields. Raises _UnusableError where values are no finite numbers."""
    try:
        runs = msgspec.convert(described, tuple[Run, ...])
    except msgspec.ValidationError as error:
        raise _UnusableError(str(error)) from error
    if not all(map(math.isfinite, chain.from_iterable([run.values for run in runs]))):
        raise _UnusableError("has a value that is not a finite number")
    return runs


def _check(data: object, name: str) -> None:
    """Raise _UnusableError for what is no run, or has anything but finite numbers as the values called `name`."""
    if not isinstance(data, dict):
        raise _UnusableError("is not a run")
    try:
        values = msgspec.convert(data.get(name, _NO_VALUES), tuple[float, ...])
    except msgspec.ValidationError as error:
        raise _UnusableError(str(error)) from error
    if not all(map(math.isfinite, values)):
        raise _UnusableError("has a value that is not a finite number")


def _identity(metadata: Metadata) -> tuple[BenchmarkId, Metric]:
    """Which row it is: in perfbench's own words where perfbench wrote the file."""
    own = metadata.get(f"{OWN}row")
    if isinstance(own, str):
        try:
            parts = msgspec.json.decode(own, type=_OwnParts)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _UnusableError(f"{OWN}row: {error}") from error
        return BenchmarkId(parts.suite, parts.name, parts.params), parts.metric
    name = metadata.get("name")
    if not isinstance(name, str) or not name.strip():
        raise _UnusableError("has no name")
    unit = metadata.get("unit", "second")
    if not isinstance(unit, str) or unit not in METRICS:
        raise _UnusableError(f"has the unit {unit!r}; pyperf has {', '.join(METRICS)}")
    return BenchmarkId("", name.strip()), METRICS[unit]


def _environment(metadata: Metadata) -> Environment:
    implementation = {"cpython": "CPython", "pypy": "PyPy"}
    python = _text(metadata, "python_implementation")
    version = _text(metadata, "python_version").partition(" ")[0]
    governor = re.search(r"governor:(\w+)", _text(metadata, "cpu_config"))
    return Environment(
        machine=_text(metadata, "hostname"),
        cpu=_text(metadata, "cpu_model_name"),
        cores=_count(metadata, "cpu_count", 0),
        memory=_count(metadata, f"{OWN}memory", 0),
        kernel=_text(metadata, "platform").partition("-with-")[0],
        governor=governor.group(1) if governor else "",
        python=f"{implementation.get(python, python)} {version}".strip(),
        commit=_text(metadata, f"{OWN}commit"),
    )


def _started(metadata: Metadata) -> float:
    started = metadata.get(_STARTED)
    if isinstance(started, (int, float)):
        return float(started) if 0 <= started <= LATEST else 0.0
    return _moment(metadata.get("date", ""))


def _moment(date: Any) -> float:
    """Seconds since the epoch; 0 for what is no date."""
    try:
        moment = datetime.fromisoformat(date).timestamp()
    except (TypeError, ValueError, OverflowError, OSError):
        return 0.0
    return moment if 0 <= moment <= LATEST else 0.0


def _loops(metadata: Metadata) -> int:
    """Calls in one sample: pyperf's outer loops times inner ones."""
    return max(1, _count(metadata, "loops", 1) * _count(metadata, "inner_loops", 1))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(metadata: Metadata, name: str) -> str:
    value = metadata.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _count(metadata: Metadata, name: str, default: int) -> int:
    value = metadata.get(name, default)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else default
