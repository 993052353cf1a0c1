"""Writing asv's site: its page, and the files that its scripts load."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from perfbench.model_history import HistoryReport
from perfbench.reports.asv_site.details import AsvDetails, Setting
from perfbench.reports.asv_site.graphs import Drawn, content, drawn
from perfbench.reports.asv_site.regressions import feed, regressions
from perfbench.reports.asv_site.static_files import write_static
from perfbench.reports.asv_site.summaries import summary_graphs, summary_lists
from perfbench.reports.names import plain
from perfbench.reports.site.commit_order import CommitOrder

HASH_LENGTH = 8

PAGES = (
    ("", "Grid view", "Display as a grid"),
    ("summarylist", "List view", "Display as a list"),
    ("regressions", "Show regressions", "Display information about recent regressions"),
)
"""asv's own pages: name, label and description."""


def write_asv_site(report: HistoryReport, order: CommitOrder, folder: Path, details: AsvDetails) -> None:
    """Write asv's site. `order` numbers the commits: these are asv's revisions.

    Raises MissingComponentError where asv's page or its scripts are not there, before anything is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_static(folder)
    write_data(report, order, folder, details)


def write_data(report: HistoryReport, order: CommitOrder, folder: Path, details: AsvDetails) -> None:
    """Write the files that asv's scripts load."""
    found = drawn(report.reports, order.numbers, details)
    writer = _Writer(folder)
    for graph in found.graphs:
        scalar = not found.benchmarks[graph.name].entry.get("params")
        writer.json(f"{graph.path}.json", content(graph, scalar=scalar))
    for name, points in summary_graphs(found.graphs).items():
        writer.json(f"graphs/summary/{name}.json", points)
    for path, rows in summary_lists(found, order.numbers).items():
        writer.json(f"{path}.json", rows)
    writer.json("regressions.json", {"regressions": regressions(found, order.numbers)})
    (folder / "regressions.xml").write_text(feed(report.project, found, report.created), encoding="utf-8")
    writer.json("index.json", _index(report, order, found, details))
    writer.json("info.json", {"asv-version": "", "timestamp": int(report.created * 1000)})


class _Writer:
    """Writes JSON files below a folder, whose own folders are made as they are needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[Path] = set()

    def json(self, path: str, value: Any) -> None:
        """Write a file; NaN becomes null."""
        file = self._folder / path
        if file.parent not in self._made:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(file.parent)
        file.write_bytes(msgspec.json.encode(value))


def _index(report: HistoryReport, order: CommitOrder, found: Drawn, details: AsvDetails) -> dict[str, Any]:
    tags = {
        plain(tag): order.numbers[commit] for commit, tag in order.tags.items() if commit in order.numbers
    }
    measured = {order.hashes[revision] for graph in found.graphs for revision in graph.revisions.tolist()}
    shown = sorted({order.numbers[commit] for commit in measured} | set(tags.values()))
    distinct: list[Setting] = []
    for graph in found.graphs:
        if graph.setting not in distinct:
            distinct.append(graph.setting)
    return {
        "project": plain(report.project),
        "project_url": details.project_url,
        "show_commit_url": report.commit_url or "#",
        "hash_length": HASH_LENGTH,
        "revision_to_hash": {str(number): plain(order.hashes[number]) for number in shown},
        "revision_to_date": {str(number): int(order.dates[number] * 1000) for number in shown},
        "params": _params(distinct),
        "graph_param_list": distinct,
        "benchmarks": {name: _entry(name, found) for name in sorted(found.benchmarks)},
        "machines": _machines(distinct, details),
        "tags": tags,
        "pages": PAGES,
    }


def _params(distinct: list[Setting]) -> dict[str, list[str | None]]:
    """Every param with its different values; branches in the order in which they are told."""
    found: dict[str, list[str | None]] = {}
    for setting in distinct:
        for name, value in setting.items():
            if value not in found.setdefault(name, []):
                found[name].append(value)
    for name, values in found.items():
        if name != "branch":
            values.sort(key=lambda value: "[none]" if value is None else value)
    return found


def _entry(name: str, found: Drawn) -> dict[str, Any]:
    """A benchmark's entry, with what asv's scripts put into HTML escaped."""
    entry = {**found.benchmarks[name].entry, "name": name}
    entry["code"] = html.escape(str(entry.get("code") or ""))
    if entry.get("pretty_name"):
        entry["pretty_name"] = html.escape(plain(str(entry["pretty_name"])))
    return entry


def _machines(distinct: list[Setting], details: AsvDetails) -> dict[str, Mapping[str, str]]:
    """Every machine with what is known of it, which asv's scripts put into HTML."""
    names = {setting.get("machine") or "" for setting in distinct}
    known = {name: details.machines.get(name) or {"machine": name} for name in sorted(names)}
    return {
        name: {html.escape(str(key)): html.escape(plain(str(value))) for key, value in facts.items()}
        for name, facts in known.items()
    }
