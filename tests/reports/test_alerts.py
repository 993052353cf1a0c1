"""Alerts for people: on a terminal, and as a message in Markdown or to a webhook."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from perfbench.analysis.alerts import by_commit, raise_alerts
from perfbench.model import Acceptance
from perfbench.model_history import Alert, AlertRule, Direction
from perfbench.reports import alert_markdown, alert_message, alert_terminal
from tests.analysis.changes import placed
from tests.analysis.samples import CLOCK, RATE

from . import paper
from .golden import assert_golden

URL = "https://example.org/project/commit/"


def alerts() -> tuple[Alert, ...]:
    changes = [
        placed(1.38, at=5, name="parse.Json.time_read", between=()),
        placed(0.5, at=5, name="parse.Json.track_rate", metric=RATE, direction=Direction.REGRESSION, between=()),
        placed(1.2, at=8, name="files.Write.time_fsync", between=(1, 2)),
        placed(2.0, at=2, name="container.Lifecycle.time_start", recovered=3),
        placed(1.12, at=7, name="old.time_thing"),
    ]  # fmt: skip
    accepted = Acceptance("old.*", "time", "safer parsing", "Ann", "2026-11-01", "2026-12-31", 0.3)
    first, *rest = raise_alerts(changes, (), (accepted,), "2026-11-29")
    return (replace(first, told=True), *rest)


def shown(found: tuple[Alert, ...], width: int = 100, *, everything: bool = True) -> str:
    sheet, page = paper.log(width)
    groups = by_commit([alert for alert in found if alert.is_open or everything])
    alert_terminal.render(found, groups, sheet)
    return page.text


@pytest.mark.parametrize("width", [80, 120])
def test_alerts_look_on_a_terminal_as_they_did(width: int) -> None:
    assert_golden(f"alerts_{width}.txt", shown(alerts(), width))


def test_a_terminal_that_knows_ascii_alone_is_served() -> None:
    sheet, page = paper.log(100, "ascii")
    alert_terminal.render(alerts(), by_commit(alerts()), sheet)
    assert "X 3 open alerts | 1 accepted | 1 recovered" in page.text


def test_the_log_is_never_wider_than_its_page_but_for_a_command_to_be_copied() -> None:
    lines = [line for line in shown(alerts(), 80).splitlines() if "perfbench history bisect" not in line]
    assert max(map(cell_len, lines)) <= 80


def test_without_an_alert_there_is_one_calm_line() -> None:
    assert shown(()) == "✓ no open alerts\n"


def test_what_is_settled_needs_no_remedy() -> None:
    settled = tuple(alert for alert in alerts() if not alert.is_open)
    assert "bisect" not in shown(settled)
    assert shown(settled).startswith("✓ no open alerts · 1 accepted · 1 recovered")


def test_the_message_looks_as_it_did() -> None:
    open_ones = by_commit([alert for alert in alerts() if alert.is_open])
    text = alert_markdown.render("sample", open_ones, told_before=2, commit_url=URL)
    assert_golden("alerts.md", text)


def test_rows_of_one_commit_are_one_table() -> None:
    text = alert_markdown.render("sample", by_commit(alerts()[:2]))
    assert text.count("| benchmark |") == 1
    assert len(re.findall(r"^\| [✗↑?] \|", text, re.MULTILINE)) == 2


def test_a_message_without_news_says_so() -> None:
    text = alert_markdown.render("sample", (), told_before=3)
    assert "**No alerts** for sample · 3 more open, told before" in text
    assert text.endswith("\nNothing is new.\n")


HOSTILE = "x|y`z</script>*@ann #1 https://evil.example\n# head"


def test_no_name_becomes_markup_a_link_or_a_mention() -> None:
    row = placed(1.5, name=HOSTILE, machine=HOSTILE)
    (alert,) = raise_alerts([replace(row, commit=f"]({HOSTILE})"[:40])], (), (), "2026-11-29")
    text = alert_markdown.render(HOSTILE, by_commit([alert]), commit_url=URL)
    assert URL not in text  # what is no hash is never put into an address
    without_code = re.sub(r"(`+).+?\1", "", text)
    for active in (r"(?<!\\)<(?!!--)", r"@ann", r"(?<!\\)\*@", r" #1", r"https://evil"):
        assert not re.search(active, without_code), active
    (line,) = [one for one in text.splitlines() if one.startswith("| ✗")]
    assert len(re.findall(r"(?<!\\)\|", line)) == len(alert_markdown.HEADINGS) + 1


def test_a_message_stays_within_its_limit_and_says_what_is_left_out() -> None:
    many = [placed(1.2 + n / 1000, name=f"bench.time_{n:04d}", at=n // 10 + 1) for n in range(2000)]
    groups = by_commit(raise_alerts(many, (), (), "2026-11-29"))
    text = alert_markdown.render("sample", groups)
    assert len(text.encode()) <= alert_markdown.LIMIT
    assert re.search(r"Left out for want of room: \d+ alerts", text)


def test_a_webhooks_message_has_one_group_for_each_commit_and_words_for_people() -> None:
    groups = by_commit([alert for alert in alerts() if alert.is_open])
    sent = json.loads(alert_message.render("sample", groups, CLOCK, "1.0"))
    assert [len(group["alerts"]) for group in sent["groups"]] == [1, 2]
    assert sent["groups"][1]["alerts"][0]["benchmark"]["name"] == "parse.Json.track_rate"
    assert sent["text"].splitlines()[0] == "sample: 3 new alerts"


def test_a_webhooks_message_of_very_many_alerts_is_bounded_and_counts_all() -> None:
    many = [placed(1.2, at=n // 3 + 1, name=f"bench.time_{n}") for n in range(1200)]
    sent = json.loads(
        alert_message.render("sample", by_commit(raise_alerts(many, (), (), "2026-11-29")), CLOCK)
    )
    assert sum(len(group["alerts"]) for group in sent["groups"]) == alert_message.MOST_ALERTS
    assert sent["total"] == 1200
    assert sent["text"].splitlines()[0] == "sample: 1200 new alerts"
    assert "and 390 more commits" in sent["text"]


@given(st.text(max_size=30), st.text(max_size=30), st.floats(0.01, 100))
def test_whatever_a_row_is_called_every_form_can_be_written(name: str, machine: str, ratio: float) -> None:
    row = placed(ratio, name=name or "x", machine=machine)
    found = raise_alerts([row], (AlertRule(size=0, improvements=True),), (), "2026-11-29")
    groups = by_commit(found)
    shown(found)
    assert json.loads(alert_message.render(name, groups, CLOCK))["total"] == len(found)
    assert alert_markdown.render(name, groups, commit_url=URL).encode()
