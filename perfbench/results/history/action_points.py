"""The points of github-action-benchmark's history: every commit in it, where a comparison takes the last two."""

from __future__ import annotations

import math

from perfbench.model import Measurement, Problem
from perfbench.results.document import Document
from perfbench.results.github_action_benchmark import entries_of
from perfbench.results.history.foreign_points import points_of
from perfbench.results.history.measured import Place, Point
from perfbench.results.history.row_table import ReadRun, RowTable, in_columns
from perfbench.results.history.told import Told


def action_runs(
    document: Document, table: RowTable, told: Told
) -> tuple[list[ReadRun], list[Problem]] | None:
    """A run for each commit of each suite, in the file's order; None for a file that holds no history.

    The date is that of the commit where the file tells it, else the moment of the measurement. Raises
    MalformedError for what is no JSON.
    """
    found = entries_of(document)
    if found is None:
        return None
    entries, problems = found
    runs = []
    for entry in entries:
        date = told.date if told.date is not None else entry.committed or entry.measured
        runs.append(
            in_columns(
                table,
                _points(entry.rows),
                place=Place(told.project, told.machine, told.environment, told.branch),
                commit=entry.commit,
                date=date,
                moment=entry.measured,
                hardware="",
            )
        )
    return runs, list(problems)


def _points(rows: tuple[Measurement, ...]) -> list[Point]:
    return list(points_of(rows, lambda _: (math.nan, math.nan)))
