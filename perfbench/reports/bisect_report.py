"""What a bisection has found, for people and for programs."""

from __future__ import annotations

import json
import math
from typing import Any

from perfbench.model_history import Bisection, BisectOutcome, BisectStep, Direction, Likeness, NamedCommit
from perfbench.reports.alert_words import day
from perfbench.reports.glyphs import STYLES
from perfbench.reports.names import plain
from perfbench.reports.page import Page
from perfbench.reports.sheets import Sheet
from perfbench.units import format_interval, format_percent, format_ratio

SCHEMA_VERSION = 1
"""Rises when a field changes its meaning or goes; new fields may come without."""

SHORT = 8
MOST_SHOWN = 20
"""Candidates and skipped commits that a page lists; JSON has all of them."""

VERBS = {
    Direction.REGRESSION: "regressed",
    Direction.IMPROVEMENT: "improved",
    Direction.CHANGE: "changed",
}
LIKE = {
    Likeness.GOOD: "like good",
    Likeness.BAD: "like bad",
    Likeness.UNCLEAR: "unclear",
    Likeness.SKIPPED: "passed over",
}


def render(found: Bisection, sheet: Sheet) -> None:
    """Write the answer, how large the change is, and the steps that led to it."""
    page = Page(sheet)
    name = plain(str(found.benchmark))
    if found.outcome is BisectOutcome.FOUND:
        culprit = found.candidates[0]
        page.line(("✗ ", STYLES["✗"]), (f"{name} {VERBS[found.direction]} at {_commit(culprit)}", "bold"))
        if culprit.subject:
            page.paragraph(plain(culprit.subject), indent=2)
    else:
        page.paragraph(f"{name}: {plain(found.reason)}", first=[("? ", STYLES["?"])], indent=2, style="bold")
    _size(page, found)
    if found.outcome in (BisectOutcome.RANGE, BisectOutcome.UNFINISHED):
        _candidates(page, found)
    for note in found.notes:
        page.paragraph(plain(note), indent=2, style="dim")
    if found.steps:
        page.line()
        _steps(page, found)


def render_json(found: Bisection, version: str = "") -> str:
    """The same as one JSON object in ASCII, with a final newline; a number that is not finite is null."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "perfbench": version,
        "outcome": found.outcome,
        "exit": {"code": found.exit_code, "reason": _storable(found.reason)},
        "benchmark": _storable(str(found.benchmark)),
        "metric": {
            "name": found.metric.name,
            "unit": _storable(found.metric.unit),
            "better": found.metric.better,
        },
        "limit": found.limit,
        "direction": found.direction if found.candidates else None,
        "good": _named(found.good),
        "bad": _named(found.bad),
        "commit": _named(found.candidates[0]) if found.outcome is BisectOutcome.FOUND else None,
        "candidates": [_named(one) for one in found.candidates],
        "before": None if found.before is None else _named(found.before),
        "change": None if found.change is None else _step(found.change),
        "steps": [_step(step) for step in found.steps],
        "skipped": {commit: _storable(reason) for commit, reason in found.skipped.items()},
        "notes": [_storable(note) for note in found.notes],
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _size(page: Page, found: Bisection) -> None:
    """How large the change is, of what against what, and how sure."""
    step = found.change
    if step is None or math.isnan(step.ratio):
        return
    own = (
        found.outcome is BisectOutcome.FOUND
        and found.before is not None
        and step.against == found.before.commit
    )
    against = f"{step.against[:SHORT]}, the commit before it" if own else f"good {step.against[:SHORT]}"
    what = "" if own else "bad is "
    rounds = f", in {step.rounds} round{'s' * (step.rounds != 1)}" if step.rounds else ""
    page.paragraph(f"{what}{_figures(step)} against {against}{rounds}", indent=2)


def _candidates(page: Page, found: Bisection) -> None:
    shown = found.candidates[:MOST_SHOWN]
    for one in shown:
        why = found.skipped.get(one.commit, "")
        text = " ".join(filter(None, (plain(one.subject), f"({plain(why)})" if why else "")))
        page.paragraph(text, first=[(f"    {_commit(one)}  ", "")], indent=6)
    if len(found.candidates) > len(shown):
        page.line((f"    and {len(found.candidates) - len(shown)} more", "dim"))


def _steps(page: Page, found: Bisection) -> None:
    page.line((f"measured, each side by side (limit {format_percent(found.limit)})", "dim"))
    ends = {found.good.commit: "good", found.bad.commit: "bad"}
    for step in found.steps:
        start = [(f"  {step.commit[:SHORT]}  ", ""), (page.left(LIKE[step.likeness], 13), "")]
        told = _figures(step) if not math.isnan(step.ratio) else ""
        against = f"against {ends.get(step.against, step.against[:SHORT])}" if told else ""
        text = " ".join(filter(None, (told, against, plain(step.reason) if not told else "")))
        page.paragraph(text, first=start, indent=6, style="dim")


def _figures(step: BisectStep) -> str:
    return f"{format_ratio(step.ratio)} ({format_interval(step.low, step.high)})"


def _commit(one: NamedCommit) -> str:
    return ", ".join(filter(None, (one.commit[:SHORT], day(one.date))))


def _named(one: NamedCommit) -> dict[str, Any]:
    return {"commit": one.commit, "subject": _storable(one.subject), "date": _finite(one.date)}


def _step(step: BisectStep) -> dict[str, Any]:
    return {
        "commit": step.commit,
        "against": step.against,
        "likeness": step.likeness,
        "ratio": _finite(step.ratio),
        "low": _finite(step.low),
        "high": _finite(step.high),
        "rounds": step.rounds,
        "reason": _storable(step.reason),
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _storable(text: str) -> str:
    """The text without halves of surrogate pairs, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
