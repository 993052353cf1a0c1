"""Our regressions as asv's page of regressions and its feed want them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from perfbench.model_history import Alert, Direction, SeriesReport
from perfbench.reports.asv_site.graphs import Drawn, Graph
from perfbench.reports.asv_site.summaries import entry_name, revisions_of
from perfbench.reports.site import atom


def regressions(drawn: Drawn, numbers: Mapping[str, int]) -> list[list[Any]]:
    """Every row with an open regression: name, graph, setting, place, latest and best level, and the steps.

    asv takes whatever grew for worse; these are worse by their metric, and neither recovered nor accepted.
    """
    several = _several(drawn)
    found = []
    for graph in drawn.graphs:
        benchmark = drawn.benchmarks[graph.name]
        setting = {name: value for name, value in graph.setting.items() if name in several}
        for column, (one, first) in sorted(graph.rows.items()):
            open_ones = [alert for alert in one.alerts if _is_shown(alert, first)]
            if not open_ones:
                continue
            steps = [
                [*revisions_of(alert.placed, numbers), alert.placed.change.before, alert.placed.change.after]
                for alert in open_ones
            ]
            found.append(
                [
                    entry_name(benchmark, graph.name, column),
                    f"{graph.path}.json",
                    setting,
                    column if benchmark.entry.get("params") else None,
                    one.changes[-1].change.after,
                    open_ones[0].placed.change.before,
                    steps,
                ]
            )
    return found


def feed(project: str, drawn: Drawn, created: float) -> str:
    """The same as an Atom feed."""
    pages: dict[str, str] = {}
    alerts = []
    for graph in drawn.graphs:
        for one, first in graph.rows.values():
            for alert in one.alerts:
                if _is_shown(alert, first):
                    alerts.append(alert)
                    pages[alert.id] = _address(graph, one)
    return atom.render(project, alerts, created, lambda alert: pages[alert.id], own="regressions.xml")


def _is_shown(alert: Alert, first: int) -> bool:
    change = alert.placed.change
    return alert.is_open and change.direction is Direction.REGRESSION and change.index > first


def _address(graph: Graph, one: SeriesReport) -> str:
    """asv's page of a graph, with the row's params."""
    params = [("machine", one.series.key.machine)]
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params if value)
    return f"index.html#{quote(graph.name)}?{query}"


def _several(drawn: Drawn) -> set[str]:
    """By which settings graphs differ."""
    values: dict[str, set[str | None]] = {}
    for graph in drawn.graphs:
        for name, value in graph.setting.items():
            values.setdefault(name, set()).add(value)
    return {name for name, different in values.items() if len(different - {None, ""}) > 1}
