"""What there is to measure: every benchmark with its params, metric and limits; this machine's runtimes."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from perfbench.model import BenchmarkId, Harness, Metric, Outcome, RuntimeStatus
from perfbench.reports.glyphs import MARKS
from perfbench.reports.names import plain, shown_name
from perfbench.reports.page import Page
from perfbench.reports.sheets import Sheet
from perfbench.units import format_percent, format_value

GAP = "  "
LISTING_VERSION = 1
HEADINGS = ("benchmark", "metric", "rows", "tier", "limit", "budget")


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row that could be measured.

    `limit` is relative (0.05 is 5 %), None where only the default holds; `budget` is in the metric's unit;
    `tier` is `gate` or `all`; `skipped` says why the row cannot be measured here, empty where it can.
    """

    benchmark: BenchmarkId
    metric: Metric
    limit: float | None = None
    budget: float | None = None
    tier: str = "all"
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class _Listed:
    """One benchmark: its class, its line in the table, its params and what stands in the way of some rows."""

    group: str
    cells: tuple[str, ...]
    params: tuple[str, ...]
    skipped: tuple[str, ...]


def render(
    rows: Sequence[ListedRow],
    runtimes: Sequence[RuntimeStatus],
    sheet: Sheet,
    harnesses: Sequence[Harness] = (),
) -> None:
    """Write a line for each benchmark, class by class with its params, then harnesses, then the runtimes."""
    page = Page(sheet)
    absent = {status.name for status in runtimes if not status.available}
    listed = [_listed(group, absent) for group in _by_benchmark(rows)]
    widths = [page.widest(column) for column in zip(HEADINGS, *(one.cells for one in listed), strict=True)]
    if listed or not harnesses:
        page.line(("  " + _columns(page, HEADINGS, widths), "dim"))
    for group in dict.fromkeys(one.group for one in listed):
        _class(page, group, [one for one in listed if one.group == group], widths)
    if not listed and not harnesses:
        page.line(("no benchmark was found", "yellow"))
    if listed and harnesses:
        page.line()
    if harnesses:
        _harnesses(page, harnesses)
    if runtimes:
        page.line()
        _runtimes(page, runtimes)


def _class(page: Page, group: str, members: list[_Listed], widths: list[int]) -> None:
    """A class's benchmarks. Params that all of them have are said once, at the top."""
    shared = [text for text in members[0].params if all(text in one.params for one in members)]
    page.line((group, "bold"))
    for text in shared:
        page.paragraph(text, indent=4, style="dim")
    for one in members:
        page.line(("  " + _columns(page, one.cells, widths), ""))
        for text in one.params:
            if text not in shared:
                page.paragraph(text, indent=6, style="dim")
        for text in one.skipped:
            mark = (f"    {MARKS[Outcome.SKIPPED]} ", "yellow")
            page.paragraph(text, first=[mark], indent=6, style="dim")


def render_json(
    rows: Iterable[ListedRow], runtimes: Iterable[RuntimeStatus], harnesses: Iterable[Harness] = ()
) -> str:
    """The same as JSON: `{"listing_version", "rows", "harnesses", "runtimes"}`.

    There is a row for each combination of params; a harness's rows are known only once it has run.
    """
    listing = {
        "listing_version": LISTING_VERSION,
        "rows": [_row(row) for row in rows],
        "harnesses": [{"name": harness.name, "command": list(harness.command)} for harness in harnesses],
        "runtimes": [asdict(status) for status in runtimes],
    }
    return json.dumps(listing, indent=2, allow_nan=False) + "\n"


def _row(row: ListedRow) -> dict[str, Any]:
    return {
        "id": str(row.benchmark),
        "name": row.benchmark.name,
        "params": [{"name": name, "value": value} for name, value in row.benchmark.params],
        "metric": {"name": row.metric.name, "unit": row.metric.unit, "better": row.metric.better},
        "tier": row.tier,
        "limit": row.limit,
        "budget": row.budget,
        "skipped": row.skipped or None,
    }


def _by_benchmark(rows: Iterable[ListedRow]) -> list[list[ListedRow]]:
    groups: dict[tuple[str, Metric], list[ListedRow]] = {}
    for row in rows:
        groups.setdefault((row.benchmark.name, row.metric), []).append(row)
    return list(groups.values())


def _listed(rows: list[ListedRow], absent: set[str]) -> _Listed:
    """One benchmark. Rows skipped for want of a runtime need no words here: the runtimes come last."""
    first = rows[0]
    unit = first.metric.unit
    group, _, phase = shown_name(first.benchmark.name).rpartition(".")
    gate = sum(row.tier == "gate" for row in rows)
    cells = (
        phase,
        f"{plain(first.metric.name)}, {plain(unit)}",
        str(len(rows)),
        f"gate {gate}" if gate else "",
        _common([format_percent(row.limit) if row.limit is not None else "" for row in rows]),
        _common([format_value(row.budget, unit) if row.budget is not None else "" for row in rows]),
    )
    values: dict[str, dict[str, None]] = {}
    for row in rows:
        for name, value in row.benchmark.params:
            values.setdefault(name, {})[value] = None
    params = tuple(f"{plain(name)}: {plain(', '.join(options))}" for name, options in values.items())
    reasons = Counter(
        plain(row.skipped) for row in rows if row.skipped and row.benchmark.param("runtime") not in absent
    )
    skipped = tuple(f"{number} of {len(rows)} skipped: {reason}" for reason, number in reasons.items())
    return _Listed(group, cells, params, skipped)


def _common(texts: list[str]) -> str:
    """What all rows share, or the words that there is more than one of it."""
    return texts[0] if len(set(texts)) == 1 else "by row"


def _columns(page: Page, cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(page.left(cell, width) for cell, width in zip(cells, widths, strict=True) if width)


def _harnesses(page: Page, harnesses: Sequence[Harness]) -> None:
    """Each with its command; its rows are known only once it has run."""
    width = page.widest(["harness", *(harness.name for harness in harnesses)])
    page.line(("  ", ""), ("harness", "bold"))
    for harness in harnesses:
        start = [("  " + page.left(harness.name, width) + GAP, "")]
        indent = sum(page.measure(text) for text, _ in start)
        page.paragraph(plain(shlex.join(harness.command)), first=start, indent=indent, style="dim")


def _runtimes(page: Page, runtimes: Sequence[RuntimeStatus]) -> None:
    width = page.widest(["runtime", *(plain(status.name) for status in runtimes)])
    page.line(("  ", ""), ("runtime", "bold"))
    for status in runtimes:
        outcome, style = (Outcome.PASSED, "green") if status.available else (Outcome.SKIPPED, "yellow")
        told = status.version if status.available else ": ".join(filter(None, (status.reason, status.remedy)))
        start = [(f"{MARKS[outcome]} ", style), (page.left(plain(status.name), width) + GAP, "")]
        indent = sum(page.measure(text) for text, _ in start)
        page.paragraph(plain(told), first=start, indent=indent, style="dim")
