"""The points of result files that are not asv's: a run for each side of which the commit is known."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from perfbench.model import BenchmarkId, Environment, Measurement, Metric, Problem
from perfbench.results.document import Document
from perfbench.results.history.measured import Place, Point
from perfbench.results.history.provenance import provenance
from perfbench.results.history.row_table import ReadRun, RowTable, in_columns
from perfbench.results.history.told import Told
from perfbench.results.result_file import ResultFile, SideHeader

Bounds = Callable[[Sequence[float]], tuple[float, float]]
"""Bounds of the median of some values at 99 %, NaN where there are too few."""

NO_COMMIT = "tells no commit; name it with --commit, and its date with --date"

CHANGED = "was measured with changes that its commit does not hold: left out, unless --commit names it"

_TOO_LARGE = 1e300
_MINOR = re.compile(r"(\S+ )?\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Passing:
    """What of a file is no point of a history: sides and rows that serve the measuring alone."""

    sides: frozenset[str] = frozenset()
    rows: frozenset[BenchmarkId] = frozenset()


def runs_of(
    document: Document,
    result: ResultFile,
    table: RowTable,
    told: Told,
    *,
    bounds: Bounds,
    passing: Passing,
) -> tuple[list[ReadRun], list[Problem]]:
    """A run for each side that was measured at a commit without changes to it, and why others are left out.

    A row's value is the median of its runs' medians, or what a summary says; `bounds` are of the runs' medians,
    or of the samples where there is one run. The date is the commit's where file or command line tell it, else 0.
    """
    own = provenance(document)
    runs: list[ReadRun] = []
    problems = list(result.problems)
    sides = {label: side for label, side in result.header.sides.items() if label not in passing.sides}
    for label, header in sides.items():
        commit, said = _commit(header, own, told, alone=len(sides) == 1)
        if said:
            place = document.path if len(sides) == 1 else f"{document.path} ({label})"
            problems.append(Problem(place, None, said))
        if not commit:
            continue
        rows = [row for row in result.side(label) if row.benchmark not in passing.rows]
        own_date = None if header.dirty else own.date
        date = told.date if told.date is not None else own_date
        runs.append(
            in_columns(
                table,
                list(points_of(rows, bounds)),
                place=_place(header.environment, told, own),
                commit=commit,
                date=date or 0.0,
                moment=result.header.created,
                hardware=hardware_of(header.environment),
            )
        )
    return runs, problems


def _commit(header: SideHeader, own: Told, told: Told, *, alone: bool) -> tuple[str, str]:
    """Of which commit a side is, empty where nothing says it, and what there is to say about that."""
    known = "" if header.dirty else header.commit or own.commit
    if known:
        return known, f"is of {known[:12]}: --commit is not used" if told.commit not in ("", known) else ""
    if told.commit and alone:
        return told.commit, ""
    return "", CHANGED if header.dirty else NO_COMMIT


def _place(environment: Environment, told: Told, own: Told) -> Place:
    return Place(
        told.project,
        told.machine or environment.machine,
        told.environment or environment_of(environment),
        told.branch or own.branch,
    )


def points_of(rows: Iterable[Measurement], bounds: Bounds) -> Iterator[Point]:
    """A point for each row of which a centre is known; suites of other tools are part of the name."""
    for row in rows:
        value, low, high = _figures(row, bounds)
        if math.isfinite(value) and abs(value) < _TOO_LARGE:
            benchmark = BenchmarkId("", row.benchmark.name, row.benchmark.params)
            metric = Metric(row.metric.name, row.metric.unit, row.metric.better)
            yield Point(benchmark, metric, value, low, high)


def environment_of(environment: Environment) -> str:
    """What tells two environments of one machine apart: the Python, without its patch level.

    With it every patch, and every alpha of Python itself, would begin a new series.
    """
    match = _MINOR.match(environment.python)
    return match[0] if match else environment.python


def hardware_of(environment: Environment) -> str:
    """What tells one machine from another whatever it is called; empty where the processor is not known."""
    if not environment.cpu:
        return ""
    return f"{environment.architecture}, {environment.cpu}, {environment.cores}, {environment.memory}"


def _figures(row: Measurement, bounds: Bounds) -> tuple[float, float, float]:
    runs = [run.values for run in row.runs if run.values]
    if runs:
        values = list(runs[0]) if len(runs) == 1 else [median(values) for values in runs]
        return (median(values), *bounds(values)) if all(map(math.isfinite, values)) else (math.nan,) * 3
    summary = row.summary
    if summary is None:
        return (math.nan,) * 3
    centre = summary.median if summary.median is not None else summary.mean
    low, high = summary.low, summary.high
    if centre is None:
        return (math.nan,) * 3
    return centre, math.nan if low is None else low, math.nan if high is None else high
