"""Alerts on a terminal or in a log: commit by commit, what to do about them last."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from perfbench.model_history import Alert, AlertGroup
from perfbench.reports import alert_words
from perfbench.reports.glyphs import STYLES
from perfbench.reports.names import plain
from perfbench.reports.page import Page
from perfbench.reports.sheets import Sheet
from perfbench.reports.site import wording

GAP = "  "


def render(alerts: Sequence[Alert], groups: Sequence[AlertGroup], sheet: Sheet) -> None:
    """Write the count of all `alerts`, then each of the `groups` that are to be shown with its rows."""
    page = Page(sheet)
    is_open = any(alert.is_open for alert in alerts)
    sign = "✗" if is_open else "✓"
    page.line((f"{sign} {' · '.join(alert_words.count_words(alerts))}", STYLES[sign]))
    for group in groups:
        page.line()
        places = {wording.place(alert.placed) for alert in group.alerts}
        where = f" on {places.pop()}" if len(places) == 1 else ""
        page.paragraph(f"{alert_words.group_words(group)}{where}", style="bold")
        _rows(page, group.alerts, with_place=not where)
    if is_open and groups:
        page.line()
        _remedies(page, [alert for alert in alerts if alert.is_open])


def _rows(page: Page, alerts: Sequence[Alert], *, with_place: bool) -> None:
    names = [alert_words.row_name(alert) for alert in alerts]
    changes = [alert_words.change_words(alert) for alert in alerts]
    widths = page.widest(names), page.widest(changes)
    for alert, name, change in zip(alerts, names, changes, strict=True):
        sign = alert_words.mark(alert)
        start = [(f"  {sign} ", STYLES[sign]), (page.left(name, widths[0]) + GAP, "")]
        start.append((page.left(change, widths[1]) + GAP, STYLES[sign] if alert.is_open else ""))
        told = [
            alert_words.level_words(alert),
            wording.place(alert.placed) if with_place else "",
            f"sure to {wording.sureness(alert.placed.change)}",
            alert_words.state_words(alert),
        ]
        text = " · ".join(filter(None, told))
        lead = sum(page.measure(content) for content, _ in start)
        if lead + page.measure(text) <= page.width:
            page.line(*start, (text, "dim"))
        else:
            page.line(*start)
            page.paragraph(text, indent=6, style="dim")


def _remedies(page: Page, alerts: Sequence[Alert]) -> None:
    """The next steps; the first alert whose commit is not known yet is the example, quoted as a shell wants it."""
    for alert in alerts:
        placed = alert.placed
        if not wording.is_exact(placed) and all(map(alert_words.is_hash, (placed.since, placed.commit))):
            row = shlex.quote(plain(str(placed.key.benchmark)))
            ends = f"--good {placed.since[:12]} --bad {placed.commit[:12]}"
            page.line(("  find a commit:", ""))
            page.line((f"    perfbench history bisect {row} {ends}", ""))  # to be copied, so never broken
            break
    page.paragraph("take one on: an entry of baselines/accepted.toml with a ceiling and a day", indent=2)
