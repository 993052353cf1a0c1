"""Writing the site into a folder."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

from perfbench.model_history import Alert, HistoryReport, SeriesReport
from perfbench.reports.names import plain
from perfbench.reports.site import alert_list, atom
from perfbench.reports.site.benchmark_page import benchmark_page
from perfbench.reports.site.commit_order import CommitOrder
from perfbench.reports.site.overview import commits, overview
from perfbench.reports.site.page_names import PageKey, page_key, page_names
from perfbench.reports.site.script_data import script

STATIC = ("icon.svg", "site.css", "parts.js", "axis.js", "chart.js", "overview.js", "benchmark.js")
PAGES = ("index.html", "benchmark.html")

Progress = Callable[[int, int], None]
"""Told how many pages of how many are written."""


def write_site(
    report: HistoryReport,
    order: CommitOrder,
    folder: Path,
    *,
    asv: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write perfbench's own pages, their data, the feed and the list of alerts.

    `order` holds all commits; `asv` says that asv's site lies beside. Raises OSError as the disk does.
    """
    names = page_names(one.series.key for one in report.reports)
    measured = order.only(commit for one in report.reports for commit in one.series.commits)
    data = folder / "data"
    (data / "benchmark").mkdir(parents=True, exist_ok=True)
    for name in STATIC:
        (folder / name).write_bytes(_static(name))
    for name in PAGES:
        page = _static(name).decode("utf-8").replace("{{project}}", html.escape(plain(report.project)))
        (folder / name).write_text(page, encoding="utf-8")
    (data / "commits.js").write_bytes(script("commits", commits(measured, report.commit_url)))
    (data / "overview.js").write_bytes(script("overview", overview(report, measured, names, asv)))
    _write_pages(report, measured, names, data / "benchmark", progress)
    _write_alerts(report, names, folder)


def _write_pages(
    report: HistoryReport,
    order: CommitOrder,
    names: Mapping[PageKey, str],
    folder: Path,
    progress: Progress | None,
) -> None:
    pages: dict[PageKey, list[SeriesReport]] = defaultdict(list)
    for one in report.reports:
        pages[page_key(one.series.key)].append(one)
    for number, (key, reports) in enumerate(pages.items()):
        content = script("benchmark", benchmark_page(reports, order))
        (folder / f"{names[key]}.js").write_bytes(content)
        if progress is not None:
            progress(number + 1, len(pages))


def _write_alerts(report: HistoryReport, names: Mapping[PageKey, str], folder: Path) -> None:
    alerts = [alert for one in report.reports for alert in one.alerts]

    def page_of(alert: Alert) -> str:
        return f"benchmark.html?of={names[page_key(alert.placed.key)]}"

    feed = atom.render(report.project, alerts, report.created, page_of)
    (folder / "alerts.atom").write_text(feed, encoding="utf-8")
    listed = alert_list.render(report.project, alerts, report.created, report.version)
    (folder / "alerts.json").write_text(listed, encoding="utf-8")


def _static(name: str) -> bytes:
    return resources.files("perfbench.reports.site").joinpath("static", name).read_bytes()
