"""What asv's grid and list show: one line for each benchmark over all its rows, and the newest change of each row."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perfbench.model_history import PlacedChange, SeriesReport
from perfbench.reports.asv_site.details import AsvBenchmark
from perfbench.reports.asv_site.graphs import Drawn, Graph
from perfbench.reports.asv_site.layout import graph_path
from perfbench.reports.names import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_POINTS = 384
"""A small graph of asv's grid has no more points: half a pixel each on a wide screen."""

WIDEST_GAP = 0.1
"""Gaps of up to this share of a row's points are bridged before rows are averaged, as asv does it."""


def summary_graphs(graphs: Sequence[Graph]) -> Mapping[str, list[list[Any]]]:
    """Benchmark → the geometric mean of all its rows in all settings, by revision."""
    import numpy as np  # noqa: PLC0415

    groups: dict[str, list[Graph]] = defaultdict(list)
    for graph in graphs:
        groups[graph.name].append(graph)
    found = {}
    for name, group in groups.items():
        revisions = np.unique(np.concatenate([graph.revisions for graph in group]))
        wide = np.full((len(revisions), sum(graph.values.shape[1] for graph in group)), np.nan)
        column = 0
        for graph in group:
            width = graph.values.shape[1]
            wide[np.searchsorted(revisions, graph.revisions), column : column + width] = graph.values
            column += width
        with np.errstate(all="ignore"):
            means = _geometric(np.column_stack([_bridged(wide[:, row]) for row in range(wide.shape[1])]))
        means[np.isnan(wide).all(axis=1)] = np.nan
        found[name] = _thinned(revisions.tolist(), means.tolist())
    return found


def summary_lists(drawn: Drawn, numbers: Mapping[str, int]) -> Mapping[str, list[dict[str, Any]]]:
    """Path of the file of a setting → its rows, by name."""
    import numpy as np  # noqa: PLC0415

    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with np.errstate(all="ignore"):
        for graph in sorted(drawn.graphs, key=lambda graph: graph.name):
            benchmark = drawn.benchmarks[graph.name]
            path = graph_path(graph.setting, "summary")
            for column in range(graph.values.shape[1]):
                found[path].append(_listed(graph, benchmark, column, numbers))
    return found


def entry_name(benchmark: AsvBenchmark, name: str, column: int) -> str:
    """A row as asv writes it: its benchmark, with the values of its params."""
    params = benchmark.entry.get("params") or []
    if not params:
        return name
    values = []
    for column_values in reversed(params):
        column, place = divmod(column, len(column_values))
        values.append(str(column_values[place]))
    return f"{name}({', '.join(reversed(values))})"


def newest_change(one: SeriesReport, first: int) -> PlacedChange | None:
    """The newest change among the points that are drawn."""
    changes = [placed for placed in one.changes if placed.change.index > first]
    return changes[-1] if changes else None


def revisions_of(placed: PlacedChange, numbers: Mapping[str, int]) -> list[int | None]:
    """Between which revisions a change came; the first is None where the second alone can have brought it."""
    since, at = numbers.get(placed.since), numbers[placed.commit]
    exact = placed.between == () or (since is not None and at - since == 1)
    return [None if exact else since, at]


def _listed(graph: Graph, benchmark: AsvBenchmark, column: int, numbers: Mapping[str, int]) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415

    pretty = benchmark.entry.get("pretty_name") or graph.name
    row: dict[str, Any] = {
        "name": graph.name,
        "idx": column if benchmark.entry.get("params") else None,
        "pretty_name": plain(entry_name(benchmark, str(pretty), column)),
        "last_rev": None,
        "last_value": None,
        "last_err": None,
        "prev_value": None,
        "change_rev": None,
    }
    if column not in graph.rows:
        return row
    one, first = graph.rows[column]
    placed = newest_change(one, first)
    newest = one.series.values[placed.change.index if placed else first :]
    level = placed.change.after if placed else float(np.median(newest))
    row |= {
        "last_rev": numbers[one.series.commits[-1]],
        "last_value": level,
        "last_err": float(np.abs(newest - level).mean()),
    }
    if placed:
        row |= {"prev_value": placed.change.before, "change_rev": revisions_of(placed, numbers)}
    return row


def _bridged(values: Floats) -> Floats:
    """The same with small gaps filled on a straight line."""
    import numpy as np  # noqa: PLC0415

    known = np.flatnonzero(~np.isnan(values))
    if len(known) in (0, len(values)):
        return values
    filled = values.copy()
    widest = math.ceil(WIDEST_GAP * len(known))
    lines = np.interp(np.arange(len(values)), known, values[known])
    for before, after in zip(known[:-1].tolist(), known[1:].tolist(), strict=True):
        if 1 < after - before <= widest + 1:
            filled[before + 1 : after] = lines[before + 1 : after]
    return filled


def _geometric(wide: Floats) -> Floats:
    """The geometric mean of each line's size, with the sign of its sum; NaN counts as missing."""
    import numpy as np  # noqa: PLC0415

    known = ~np.isnan(wide)
    counts = np.maximum(known.sum(axis=1), 1)
    sizes = np.where(known, np.abs(wide), 1.0) ** (1.0 / counts)[:, None]
    means: Floats = sizes.prod(axis=1)
    means[np.where(known, wide, 0.0).sum(axis=1) < 0] *= -1
    return means


def _thinned(revisions: Sequence[int], values: Sequence[float]) -> list[list[Any]]:
    """All points, or the means of so many stretches of equal length."""
    points = [list(point) for point in zip(revisions, values, strict=True)]
    if len(points) < MOST_POINTS:
        return points
    step = max(1, (revisions[-1] - revisions[0]) // MOST_POINTS)
    stretches: dict[int, list[float]] = defaultdict(list)
    for revision, value in zip(revisions, values, strict=True):
        if not math.isnan(value):
            stretches[(revision - revisions[0]) // step].append(value)
    return [
        [revisions[0] + (stretch + 1) * step, sum(found) / len(found)] for stretch, found in stretches.items()
    ]
