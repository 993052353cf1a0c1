"""The graphs of asv's site: for each benchmark and setting the values of all its rows, by revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perfbench.model import BenchmarkId
from perfbench.model_history import Series, SeriesReport
from perfbench.reports.asv_site.details import AsvBenchmark, AsvDetails, Params, Setting
from perfbench.reports.asv_site.layout import benchmark_names, graph_path, settings
from perfbench.reports.names import plain
from perfbench.reports.site.page_names import page_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Revisions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """One file below `graphs/`: the mean of each row (a column) at each revision, NaN where there is none."""

    name: str
    setting: Setting
    path: str
    revisions: Revisions
    values: Matrix
    rows: Mapping[int, tuple[SeriesReport, int]]
    """Column → its series, and the first point of it that is drawn."""


@dataclass(slots=True)
class Drawn:
    """All graphs, and the entries of the benchmarks that they are of."""

    graphs: list[Graph] = field(default_factory=list)
    benchmarks: dict[str, AsvBenchmark] = field(default_factory=dict)


def drawn(reports: Sequence[SeriesReport], numbers: Mapping[str, int], details: AsvDetails) -> Drawn:
    """The graphs of all series. `numbers` are the revisions of commits.

    As with asv, points of another version of a benchmark than its newest are left out, and points of one
    revision are averaged.
    """
    keys = [one.series.key for one in reports]
    names, setting_of = benchmark_names(keys), settings(keys, details)
    groups: dict[tuple[str, str], list[SeriesReport]] = defaultdict(list)
    by_name: dict[str, list[SeriesReport]] = defaultdict(list)
    for one in reports:
        name = names[page_key(one.series.key)]
        if not len(one.series) or (details.complete and name not in details.benchmarks):
            continue
        by_name[name].append(one)
        groups[name, graph_path(setting_of[one.series.key], name)].append(one)
    found = Drawn()
    for name, group in by_name.items():
        found.benchmarks[name] = details.benchmarks.get(name) or _described(name, group)
    for place, group in groups.items():
        setting = setting_of[group[0].series.key]
        graph = _graph(place, setting, group, found.benchmarks[place[0]], numbers)
        if graph is not None:
            found.graphs.append(graph)
    return found


def content(graph: Graph, *, scalar: bool) -> list[list[Any]]:
    """What the file of a graph holds: revision and value, or the values of all rows."""
    if scalar:
        return [
            list(pair) for pair in zip(graph.revisions.tolist(), graph.values[:, 0].tolist(), strict=True)
        ]
    return [list(pair) for pair in zip(graph.revisions.tolist(), graph.values.tolist(), strict=True)]


def first_point(series: Series, version: str | None) -> int | None:
    """The first point from which on a series has one version, the newest or the one given; None without any."""
    versions = series.versions
    wanted = versions[-1] if version is None and len(versions) else version
    first = len(versions)
    while first and versions[first - 1] in ("", wanted):
        first -= 1
    return first if first < len(versions) else None


def _graph(
    place: tuple[str, str],
    setting: Setting,
    group: Sequence[SeriesReport],
    benchmark: AsvBenchmark,
    numbers: Mapping[str, int],
) -> Graph | None:
    import numpy as np  # noqa: PLC0415

    version = benchmark.entry.get("version")
    rows: dict[int, tuple[SeriesReport, int]] = {}
    places, columns, values = [], [], []
    for one in group:
        column = benchmark.rows.get(one.series.key.benchmark.params)
        first = first_point(one.series, str(version) if version else None)
        if column is None or first is None:
            continue
        rows.setdefault(column, (one, first))
        places.append(np.array([numbers[commit] for commit in one.series.commits[first:]], dtype=np.int64))
        columns.append(np.full(len(places[-1]), column))
        values.append(one.series.values[first:])
    if not rows:
        return None
    revisions, where = np.unique(np.concatenate(places), return_inverse=True)
    shape = (len(revisions), len(benchmark.rows))
    at = (where, np.concatenate(columns))
    sums, counts = np.zeros(shape), np.zeros(shape)
    with np.errstate(all="ignore"):
        np.add.at(sums, at, np.concatenate(values))
        np.add.at(counts, at, 1)
        means = sums / np.where(counts, counts, np.nan)
    return Graph(place[0], setting, place[1], revisions, means, rows)


def _described(name: str, group: Sequence[SeriesReport]) -> AsvBenchmark:
    """An entry for a benchmark that no `benchmarks.json` describes, with the params that were measured."""
    first = group[0].series.key
    ids: list[BenchmarkId] = [one.series.key.benchmark for one in group]
    param_names = [param for param, _ in ids[0].params]
    columns = [list(dict.fromkeys(each.param(param) or "" for each in ids)) for param in param_names]
    entry = {
        "name": name,
        "param_names": [plain(param) for param in param_names],
        "params": [[plain(value) for value in column] for column in columns],
        "unit": first.metric.unit,
        "type": first.metric.name,
        "version": None,
        "code": "",
    }
    return AsvBenchmark(entry, _places(param_names, columns))


def _places(names: Sequence[str], columns: Sequence[Sequence[str]]) -> Mapping[Params, int]:
    from itertools import product  # noqa: PLC0415

    rows = product(*columns)
    return {tuple(zip(names, values, strict=True)): number for number, values in enumerate(rows)}
