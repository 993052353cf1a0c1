"""Publishing a history: perfbench's pages, asv's site beside them, and the old site replaced at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from perfbench.commands.site_folder import MARK, replaced_site
from perfbench.errors import MissingComponentError
from perfbench.model_history import HistoryReport
from perfbench.reports.asv_site.details import AsvDetails
from perfbench.reports.asv_site.writing import write_asv_site
from perfbench.reports.site.commit_order import commit_order
from perfbench.reports.site.writing import Progress, write_site

ASV_FOLDER = "asv"


@dataclass(frozen=True, slots=True)
class Published:
    """What a publishing wrote. `missing` says why asv's own site was left out, empty where it was not."""

    folder: Path
    series: int
    points: int
    open_alerts: int
    missing: str = ""


def publish(
    report: HistoryReport, folder: Path, details: AsvDetails, progress: Progress | None = None
) -> Published:
    """Write the whole site in place of the one in `folder`. Raises UsageError as `replaced_site` does."""
    order = commit_order(report.timelines.values(), (one.series for one in report.reports))
    missing = ""
    with replaced_site(folder) as work:
        try:
            write_asv_site(report, order, work / ASV_FOLDER, details)
        except MissingComponentError as error:
            missing = str(error)
            _remove_empty(work / ASV_FOLDER)
        write_site(report, order, work, asv=not missing, progress=progress)
        mark = {"perfbench": report.version, "created": report.created, "layout": 1}
        (work / MARK).write_text(json.dumps(mark) + "\n", encoding="utf-8")
    return Published(
        folder,
        len(report.reports),
        sum(len(one.series) for one in report.reports),
        sum(alert.is_open for one in report.reports for alert in one.alerts),
        missing,
    )


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
