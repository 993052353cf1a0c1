"""Alerts as an Atom feed (RFC 4287)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from perfbench.model_history import Alert
from perfbench.reports.names import plain
from perfbench.reports.site.wording import commits, sentence, size

NAMESPACE = "http://www.w3.org/2005/Atom"
MAX_ENTRIES = 500
"""A feed holds so many of the newest; readers poll it."""

_IDS = uuid.UUID("0b6fb3a5-6f0e-5f5e-9a55-7f0c7c1c8a10")
"""The name space of our ids: drawn once, and never changed, or every reader would show old entries as new."""


def render(
    project: str,
    alerts: Sequence[Alert],
    created: float,
    page_of: Callable[[Alert], str] | None = None,
    own: str = "alerts.atom",
) -> str:
    """The feed as an XML document, the newest alert first, with a final newline.

    `created` (seconds since the epoch) stands in where there is no alert. `page_of` gives the address of the page
    about an alert, relative to the feed, whose file is called
    `own`. An entry's id rests on the project and the alert's own id alone.
    """
    newest = sorted(alerts, key=lambda alert: (-alert.placed.date, alert.id))[:MAX_ENTRIES]
    feed = ElementTree.Element("feed", xmlns=NAMESPACE)
    _text(feed, "id", _id(project))
    _text(feed, "title", f"{plain(project)}: alerts")
    _text(feed, "updated", _moment(newest[0].placed.date if newest else created))
    ElementTree.SubElement(feed, "link", rel="self", href=own, type="application/atom+xml")
    ElementTree.SubElement(feed, "link", rel="alternate", href="index.html", type="text/html")
    _text(ElementTree.SubElement(feed, "author"), "name", "perfbench")
    for alert in newest:
        _entry(feed, project, alert, page_of)
    ElementTree.indent(feed)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ElementTree.tostring(feed, encoding='unicode')}\n"


def _entry(
    feed: ElementTree.Element, project: str, alert: Alert, page_of: Callable[[Alert], str] | None
) -> None:
    placed = alert.placed
    entry = ElementTree.SubElement(feed, "entry")
    _text(entry, "id", _id(project, alert.id))
    _text(entry, "title", f"{size(placed)} {plain(str(placed.key.benchmark))} at {commits(placed)}")
    _text(entry, "updated", _moment(placed.date))
    _text(entry, "published", _moment(placed.date))
    if page_of is not None:
        ElementTree.SubElement(entry, "link", rel="alternate", href=page_of(alert), type="text/html")
    ElementTree.SubElement(entry, "category", term=str(placed.change.direction))
    ElementTree.SubElement(entry, "category", term="open" if alert.is_open else "settled")
    _text(entry, "content", f"{sentence(alert)}.").set("type", "text")


def _text(parent: ElementTree.Element, tag: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, tag)
    element.text = text
    return element


def _id(*parts: str) -> str:
    return uuid.uuid5(_IDS, "\0".join(parts).encode("utf-8", "replace").decode()).urn


def _moment(seconds: float) -> str:
    """A moment of RFC 3339; the epoch where the seconds are no date."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
