"""How a report writes names: without asv's prefixes, what is measured apart, and harmless to any terminal."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from perfbench.model import BenchmarkId, Metric

COLUMNS = ("runtime", "store", "engine", "endpoint", "tool")
"""Params that say which of several alike things a row measures: the first that it has gets a column of its own."""

PREFIXES = ("timeraw_", "time_", "track_", "peakmem_", "mem_")
LONGEST_TEXT = 1000
# Format characters (Cf) among them, since they can reverse or hide text.
UNPRINTABLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})

Row = tuple[BenchmarkId, Metric | None]


@dataclass(frozen=True, slots=True)
class Label:
    """A row as a reader knows it: `group` is module and class, `phase` what is measured, and other params."""

    group: str
    phase: str
    target: str

    @property
    def name(self) -> str:
        """Group and phase as one name."""
        return f"{self.group}.{self.phase}" if self.group else self.phase


def plain(text: str) -> str:
    """One line of printable text: white space folded, everything that could steer a terminal made visible.

    Text beyond 1,000 characters is cut; the JSON report keeps it whole.
    """
    line = " ".join(text[: LONGEST_TEXT + 1].split())
    if line.isprintable() and len(text) <= LONGEST_TEXT:
        return line
    shown = "".join(
        char if unicodedata.category(char) not in UNPRINTABLE else _escaped(char) for char in line
    )
    return shown if len(line) <= LONGEST_TEXT and len(text) <= LONGEST_TEXT else f"{shown[:LONGEST_TEXT]}…"


@lru_cache(maxsize=4096)
def shown_name(name: str) -> str:
    """A dotted name without asv's prefix: `files.Write.time_fsync` becomes `files.Write.fsync`."""
    group, dot, last = name.rpartition(".")
    prefix = next((prefix for prefix in PREFIXES if last.startswith(prefix) and last != prefix), "")
    return plain(f"{group}{dot}{last.removeprefix(prefix)}")


def labels(rows: Iterable[Row]) -> Mapping[Row, Label]:
    """Every row's label. Where one name carries several metrics, the metric follows the name."""
    rows = list(rows)
    metrics: dict[str, set[str]] = defaultdict(set)
    for benchmark, metric in rows:
        if metric is not None:
            metrics[shown_name(benchmark.name)].add(metric.name)
    return {(benchmark, metric): _label(benchmark, metric, metrics) for benchmark, metric in rows}


def _label(benchmark: BenchmarkId, metric: Metric | None, metrics: Mapping[str, set[str]]) -> Label:
    name = shown_name(benchmark.name)
    group, _, phase = name.rpartition(".")
    if metric is not None and len(metrics[name]) > 1:
        phase = f"{phase} {plain(metric.name)}"
    column = _column(benchmark)
    others = ", ".join(value for key, value in benchmark.params if key != column)
    if others:
        phase = f"{phase} ({plain(others)})"
    return Label(group, phase, target_of(benchmark))


def target_of(benchmark: BenchmarkId) -> str:
    """What a row measures, where it is one of several alike: its runtime, store, engine …; else nothing."""
    return plain(benchmark.param(_column(benchmark)) or "")


def _column(benchmark: BenchmarkId) -> str:
    names = {name for name, _ in benchmark.params}
    return next((name for name in COLUMNS if name in names), "")


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
