"""What a webhook is sent: one JSON object, alerts grouped by the commit that raised them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from perfbench.model_history import Alert, AlertGroup
from perfbench.reports import alert_words
from perfbench.reports.names import plain
from perfbench.reports.site import alert_list

MOST_ALERTS = 200
"""A message is read by people: of more alerts than these the newest commits' are sent, and the text counts all."""


def render(project: str, groups: Sequence[AlertGroup], created: float, version: str = "") -> str:
    """The groups as JSON: `text` for people, `groups` with the same objects that the JSON of alerts holds.

    `total` is how many alerts there are, also where not all of them are sent.
    """
    total = sum(len(group.alerts) for group in groups)
    sent = list(_bounded(groups))
    alerts = [alert for members in sent for alert in members]
    listed = json.loads(alert_list.render(project, alerts, created, version))
    by_id = {alert["id"]: alert for alert in listed.pop("alerts")}
    content = {
        **listed,
        "text": _text(project, groups),
        "total": total,
        "groups": [
            {"commit": members[0]["commit"], "since": members[0]["since"], "alerts": members}
            for members in ([by_id[alert.id] for alert in one] for one in sent)
        ],
    }
    return json.dumps(content, allow_nan=False)


def _bounded(groups: Sequence[AlertGroup]) -> Iterator[Sequence[Alert]]:
    """The alerts of each group, `MOST_ALERTS` in all."""
    left = MOST_ALERTS
    for group in groups:
        if not left:
            return
        members = group.alerts[:left]
        left -= len(members)
        yield members


def _text(project: str, groups: Sequence[AlertGroup]) -> str:
    """A few lines, which chat programs show as they are."""
    alerts = sum(len(group.alerts) for group in groups)
    lines = [f"{plain(project)}: {alerts} new alert{'s' * (alerts != 1)}"]
    for group in groups[:10]:
        worst = group.alerts[0]
        lines.append(
            f"{alert_words.group_words(group)}, most: {alert_words.row_name(worst)} {alert_words.change_words(worst)}"
        )
    if len(groups) > 10:
        lines.append(f"and {len(groups) - 10} more commits")
    return "\n".join(lines)
