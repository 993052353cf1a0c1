"""The report as one HTML file that asks nobody for anything: what moved and why in sight, the rest folded."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from perfbench.model import BenchmarkId, ExplainingFrame, Explanation, Outcome, Report, Verdict
from perfbench.reports import matrix, outline
from perfbench.reports.entries import Entry, told_entries
from perfbench.reports.environment_facts import facts
from perfbench.reports.explanation import sentence
from perfbench.reports.glyphs import MARKS
from perfbench.reports.html_document import REPORTS, SITE, document, relative, text
from perfbench.reports.interval_chart import IntervalChart
from perfbench.reports.skips import skips
from perfbench.units import format_percent

KINDS = {MARKS[Outcome.REGRESSED]: "worse", MARKS[Outcome.IMPROVED]: "better"}
"""A row's mark → how it is coloured."""

BAR = 100
"""Units of width of a frame's whole bar."""


def render(report: Report, folder: Path = Path()) -> str:
    """The page, for a file in `folder`: differential flame graphs are linked from there."""
    return document(
        f"{' · '.join(_verdict(report))} · perfbench",
        body=body(report, folder),
        styles=((SITE, "site.css"), (REPORTS, "report.css")),
    )


def body(report: Report, folder: Path) -> str:
    """What the page shows."""
    leads = (outline.sides(report), outline.machine(report), outline.cost(report), outline.began(report))
    parts = [
        f"<h1>{' · '.join(map(text, _verdict(report)))}</h1>",
        *(f'<p class="lead">{text(lead)}</p>' for lead in leads if lead),
        _list("warnings", "note", outline.warnings(report)),
        _list("findings", "card", [outline.finding(found) for found in report.findings]),
        _moved(report, folder),
        *_passed(report),
        *_skipped(report),
        _fold("where it ran", _table(("", ""), [(name, value) for name, value in facts(report)])),
        f"<footer>exit {report.exit_code}: {text(outline.exit_reason(report))}</footer>",
    ]
    return f'<a class="skip" href="#main">To the content</a><main id="main" tabindex="-1">{"".join(parts)}</main>'


def _verdict(report: Report) -> list[str]:
    found = outline.finding_words(report)
    return [*([found] if found else []), *outline.verdict_words(report)]


def _list(name: str, kind: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    items = "".join(f"<li>{text(one)}</li>" for one in sentences)
    return f'<section class="{kind} {name}"><h2>{name.capitalize()}</h2><ul>{items}</ul></section>'


def _moved(report: Report, folder: Path) -> str:
    """Every row that needs a word, its change as a picture, and where a regression comes from."""
    told = told_entries(report)
    if not told:
        return ""
    chart = IntervalChart(verdict.comparison for verdict, _ in told if verdict.comparison is not None)
    explained = {found.benchmark: found for found in report.explanations}
    rows = "".join(_row(verdict, entry, chart, explained, folder) for verdict, entry in told)
    scale = f'<p class="dim scale">{text(chart.scale())}</p>' if chart.scale() else ""
    return f'<section><h2 class="hear">What moved</h2><ul class="moved">{rows}</ul>{scale}</section>'


def _row(
    verdict: Verdict,
    entry: Entry,
    chart: IntervalChart,
    explained: dict[BenchmarkId, Explanation],
    folder: Path,
) -> str:
    target = f' <span class="tag">{text(entry.target)}</span>' if entry.target else ""
    where = " · ".join(text(part) for part in (str(entry.outcome), entry.note, _seen(verdict, entry)) if part)
    size, _, interval = entry.change.partition(" (")
    # A row of another metric may have the same benchmark: it is explained once.
    found = explained.pop(verdict.benchmark, None) if verdict.outcome is Outcome.REGRESSED else None
    return (
        f'<li class="{KINDS.get(entry.mark, "even")}"><span class="mark" aria-hidden="true">{text(entry.mark)}</span>'
        f'<span class="what"><span class="name">{_breakable(entry.name)}</span>{target}'
        f'<span class="where">{where}</span></span>'
        f'<span class="picture">{chart.picture(verdict.comparison) if verdict.comparison else ""}</span>'
        f'<span class="by"><span class="size">{text(size)}</span>'
        f'<span class="interval dim">{text(interval.removesuffix(")"))}</span></span>'
        f'<span class="levels">{text(entry.values)}</span>'
        f"{_why(found, folder) if found else ''}</li>"
    )


def _seen(verdict: Verdict, entry: Entry) -> str:
    """The smallest worsening that would have been seen; empty where there is none, or the note says it already."""
    known = verdict.effect is not None and math.isfinite(verdict.effect) and entry.seen
    return f"could see {entry.seen}" if known and "could see" not in entry.note else ""


def _why(found: Explanation, folder: Path) -> str:
    """The frames that a regression comes from, each with its share, or that its profile does not say."""
    page = ""
    if found.page:
        address = os.path.relpath(Path(found.page).absolute(), folder.absolute())
        page = f' <a href="{relative(address)}">differential flame graph</a>'
    if not found.frames:
        return f'<div class="why"><p>{text(sentence(found))}.{page}</p></div>'
    frames = "".join(map(_frame, found.frames))
    return (
        f'<div class="why"><p>Where it comes from, by {text(found.tool)}:{page}</p>'
        f'<ol class="frames">{frames}</ol></div>'
    )


def _frame(frame: ExplainingFrame) -> str:
    width = BAR * (min(frame.share, 1.0) if frame.share > 0 else 0.0)
    place = f" {text(frame.file)}" if frame.file else ""
    caller = f", called by {text(frame.caller)}" if frame.caller else ""
    return (
        f'<li><svg class="share" viewBox="0 0 {BAR} 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="whole" width="{BAR}" height="8"/><rect width="{width:.1f}" height="8"/></svg>'
        f'<span class="percent">{text(format_percent(frame.share))}</span>'
        f'<span><code>{text(frame.function)}</code><span class="dim">{place}{caller}</span></span></li>'
    )


def _passed(report: Report) -> Iterator[str]:
    tables = [
        _table((table.group, *table.targets), [(phase, *map(str, cells)) for phase, cells in table.lines])
        for table in matrix.matrices(report)
    ]
    rows = [(name, str(cell)) for name, cell in matrix.without_target(report)]
    if rows:
        tables.append(_table(("benchmark", "median"), rows))
    if tables:
        words = "; ".join(filter(None, (outline.matrix_words(report), outline.seen_words(report))))
        yield _fold(words, "".join(tables))


def _skipped(report: Report) -> Iterator[str]:
    skipped = skips(report)
    if skipped:
        number = dict(outline.counts(report))[Outcome.SKIPPED]
        rows = [(skip.where, skip.target, skip.reason, str(skip.rows)) for skip in skipped]
        yield _fold(f"{number} skipped", _table(("benchmarks", "target", "reason", "rows"), rows))


def _fold(words: str, content: str) -> str:
    return (
        f"<details><summary>{text(words)}</summary>"
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(words)}">{content}</div></details>'
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts whose first column names its rows."""
    heads = "".join(f'<th scope="col">{text(cell)}</th>' for cell in head)
    lines = "".join(
        f'<tr><th scope="row">{_breakable(first)}</th>{"".join(f"<td>{text(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    )
    top = f"<thead><tr>{heads}</tr></thead>" if any(head) else ""
    return f"<table>{top}<tbody>{lines}</tbody></table>"


def _breakable(name: str) -> str:
    """A dotted name that may break before a dot."""
    return text(name).replace(".", "<wbr>.")
