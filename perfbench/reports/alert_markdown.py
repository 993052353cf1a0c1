"""Alerts as a message: Markdown for an issue or a comment, one table for each commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perfbench.model_history import Alert, AlertGroup
from perfbench.reports import alert_words
from perfbench.reports.markdown_text import code, escape
from perfbench.reports.names import plain
from perfbench.reports.room import Block, fill
from perfbench.reports.site import wording

MARKER = "<!-- perfbench alerts -->"
"""The first line, which no reader sees: a later comment finds the earlier one by it."""

LIMIT = 65_536
"""What GitHub takes as an issue or a comment. It counts characters; bytes are never fewer."""

HEADINGS = ("", "benchmark", "change", "level", "sure to", "where", "")


def render(
    project: str,
    groups: Sequence[AlertGroup],
    *,
    told_before: int = 0,
    commit_url: str = "",
    limit: int = LIMIT,
) -> str:
    """The groups as one Markdown text of at most `limit` bytes of UTF-8, ending with a newline.

    `told_before` open alerts are only counted: they were in an earlier message. `commit_url` is put before the hash of
    a commit. Nothing in a name becomes markup, a link or a mention.
    """
    alerts = [alert for group in groups for alert in group.alerts]
    opening = [f"{MARKER}\n{_summary(project, alerts, told_before)}"]
    return fill(opening, list(_parts(groups, commit_url)), _closing(alerts), limit)


def _summary(project: str, alerts: Sequence[Alert], told_before: int) -> str:
    rows = len(alerts)
    words = [
        f"**{rows or 'No'} alert{'s' * (rows != 1)}**" + (f" for {escape(plain(project))}" if project else "")
    ]
    if told_before:
        words.append(f"{told_before} more open, told before")
    return " · ".join(words)


def _closing(alerts: Sequence[Alert]) -> str:
    if not alerts:
        return "Nothing is new."
    if not any(alert.is_open for alert in alerts):
        return "Nothing here is open."
    return "Open until it recovers or baselines/accepted.toml takes it on."


def _parts(groups: Sequence[AlertGroup], commit_url: str) -> Iterator[Block]:
    rule = " | ".join("---" for _ in HEADINGS)
    head = f"| {' | '.join(HEADINGS)} |\n| {rule} |\n"
    for group in groups:
        lines = [f"| {' | '.join(_cells(alert))} |" for alert in group.alerts]
        yield Block("alerts", lines, f"{_title(group, commit_url)}\n\n{head}")


def _title(group: AlertGroup, commit_url: str) -> str:
    placed = group.alerts[0].placed
    shown = _commit(group.commit, commit_url)
    if not wording.is_exact(placed):
        shown = f"after {_commit(group.since, commit_url)} up to {shown}"
    return ", ".join(filter(None, (f"**{shown}**", alert_words.day(group.date))))


def _commit(commit: str, url: str) -> str:
    text = code(plain(commit[: wording.SHORT_HASH]))
    is_web = url.startswith(("https://", "http://")) and not any(sign in url for sign in "<>\\ \n")
    if not is_web or not alert_words.is_hash(commit):
        return text
    return f"[{text}](<{url}{commit}>)"


def _cells(alert: Alert) -> tuple[str, ...]:
    return (
        alert_words.mark(alert),
        code(alert_words.row_name(alert)),
        escape(alert_words.change_words(alert)),
        escape(alert_words.level_words(alert)),
        escape(wording.sureness(alert.placed.change)),
        escape(wording.place(alert.placed)),
        escape(alert_words.state_words(alert)),
    )
