"""Reads asv's `benchmarks.json`: what the benchmarks of a results folder measure, and what their params are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import msgspec

from perfbench.errors import UsageError
from perfbench.model import Metric, Problem
from perfbench.results.document import load
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import shortened
from perfbench.units import BYTES, SECONDS

FILE = "benchmarks.json"

_METRICS = {
    "time": Metric("time", SECONDS),
    "memory": Metric("mem", BYTES),
    "peakmemory": Metric("peakmem", BYTES),
}
_TRACKED = "track"
_TRACKED_UNIT = "unit"  # asv's own default

_PREFIXES = (("time", "time"), ("peakmem", "peakmemory"), ("mem", "memory"))


class _Entry(msgspec.Struct, frozen=True):
    type: str = ""
    unit: str = ""
    param_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """What `benchmarks.json` says of one benchmark."""

    metric: Metric
    param_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suite:
    """All that a `benchmarks.json` says, and what in it could not be used."""

    benchmarks: Mapping[str, Described] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def of(self, name: str) -> Described:
        """What is known of a benchmark: asv's kinds are told by their names where nothing else tells."""
        return self.benchmarks.get(name) or _by_name(name)


def read_suite(folder: Path) -> Suite:
    """The `benchmarks.json` of a results folder; an empty suite where there is none, never an error."""
    path = folder / FILE
    try:
        if path.is_symlink() or not path.is_file():
            return Suite()
        content = load(path).json.value
    except (UsageError, MalformedError) as error:
        return _unusable(path, error.message)
    except OSError as error:
        return _unusable(path, error.strerror or str(error))
    if not isinstance(content, dict):
        return _unusable(path, "is no list of asv's benchmarks")
    found: dict[str, Described] = {}
    for name, raw in content.items():
        if not isinstance(raw, dict):  # the number of the layout
            continue
        try:
            entry = msgspec.convert(raw, _Entry)
        except msgspec.ValidationError:
            entry = _Entry()
        metric = _metric(entry.type, entry.unit) if entry.type else _by_name(name).metric
        found[name] = Described(metric, entry.param_names)
    return Suite(found)


def _unusable(path: Path, message: str) -> Suite:
    said = f"units and names of params are guessed: {message}"
    return Suite(problems=(Problem(str(path), None, shortened(said)),))


def _metric(kind: str, unit: str) -> Metric:
    return _METRICS.get(kind) or Metric(_TRACKED, unit or _TRACKED_UNIT)


@lru_cache(maxsize=4096)
def _by_name(name: str) -> Described:
    word = name.rpartition(".")[2].lower()
    kind = next((kind for prefix, kind in _PREFIXES if word.startswith(prefix)), _TRACKED)
    return Described(_metric(kind, ""))
