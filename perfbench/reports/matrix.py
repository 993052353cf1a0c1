"""Target × phase (runtime, store, engine …): head's medians side by side, so that many passed rows stay readable."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from perfbench.model import Comparison, Outcome, Report, Verdict
from perfbench.reports.entries import row_labels
from perfbench.reports.glyphs import mark
from perfbench.reports.names import Label, plain
from perfbench.units import format_ratio, format_value


@dataclass(frozen=True, slots=True)
class Cell:
    """Head's median, then the change of a passed row where it is beyond the noise, or the mark of another."""

    value: str = ""
    change: str = ""
    mark: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.value, self.change, self.mark) if part)


@dataclass(frozen=True, slots=True)
class Matrix:
    """One benchmark class: a line for each phase, in it a cell for each target."""

    group: str
    targets: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]


def matrices(report: Report) -> list[Matrix]:
    """Every class with a passed row that names its target; its other rows are in it with their marks."""
    groups: dict[str, list[tuple[Label, Verdict]]] = defaultdict(list)
    for label, verdict in _labelled(report):
        if label.target:
            groups[label.group].append((label, verdict))
    order = [plain(status.name) for status in report.runtimes]
    return [
        _matrix(group, rows, order, report.noise_floor)
        for group, rows in groups.items()
        if any(verdict.outcome is Outcome.PASSED for _, verdict in rows)
    ]


def without_target(report: Report) -> list[tuple[str, Cell]]:
    """The passed rows that name no target."""
    return [
        (label.name, _cell(verdict, report.noise_floor))
        for label, verdict in _labelled(report)
        if not label.target and verdict.outcome is Outcome.PASSED
    ]


def _labelled(report: Report) -> Iterator[tuple[Label, Verdict]]:
    names = row_labels(report)
    return ((names[verdict.benchmark, verdict.metric], verdict) for verdict in report.verdicts)


def _matrix(
    group: str, rows: list[tuple[Label, Verdict]], order: list[str], noise_floor: float | None
) -> Matrix:
    cells = {(label.phase, label.target): _cell(verdict, noise_floor) for label, verdict in rows}
    phases = dict.fromkeys(label.phase for label, verdict in rows if verdict.outcome is not Outcome.SKIPPED)
    # A target that was skipped throughout is told once, with its reason, and takes no column.
    present = dict.fromkeys(label.target for label, verdict in rows if verdict.outcome is not Outcome.SKIPPED)
    targets = sorted(present, key=lambda name: order.index(name) if name in order else len(order))
    lines = tuple(
        (phase, tuple(cells.get((phase, target), Cell()) for target in targets)) for phase in phases
    )
    return Matrix(group, tuple(targets), lines)


def _cell(verdict: Verdict, noise_floor: float | None) -> Cell:
    comparison = verdict.comparison
    value = comparison.head if comparison is not None else verdict.value
    metric = comparison.metric if comparison is not None else verdict.metric
    shown = plain(format_value(value, metric.unit)) if value is not None and metric is not None else ""
    if verdict.outcome is not Outcome.PASSED:
        return Cell(shown, mark=mark(verdict))
    moved = comparison is not None and _moved(comparison, noise_floor)
    return Cell(shown, change=format_ratio(comparison.ratio) if comparison is not None and moved else "")


def _moved(comparison: Comparison, noise_floor: float | None) -> bool:
    """Whether the change is worth a reader's eye: beyond the noise, and one is not in its interval."""
    floor = noise_floor if noise_floor is not None and math.isfinite(noise_floor) else 0.0
    beyond = abs(comparison.ratio - 1) > floor
    return beyond and (comparison.low > 1 or comparison.high < 1)
