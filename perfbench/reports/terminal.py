"""The report for a person at a terminal, or in a log: the verdict, what moved, then the rest side by side."""

from __future__ import annotations

from perfbench.errors import ExitCode
from perfbench.model import Outcome, Report
from perfbench.reports import matrix, outline
from perfbench.reports.entries import entries
from perfbench.reports.glyphs import MARKS, STYLES
from perfbench.reports.names import plain
from perfbench.reports.page import Page
from perfbench.reports.sheets import Piece, Sheet
from perfbench.reports.skips import Skip, skips
from perfbench.reports.terminal_matrix import write_list, write_matrix
from perfbench.reports.terminal_rows import write_rows

SEPARATOR = " · "
BETWEEN = "   "
NARROWEST_REASON = 28


def render(report: Report, sheet: Sheet) -> None:
    """Write the report on the sheet, at its width and in its encoding."""
    page = Page(sheet)
    _head(page, report)
    told = entries(report)
    if told:
        page.line()
        write_rows(page, told)
    _explanations(page, report)
    _findings(page, report)
    _passed(page, report)
    _skips(page, skips(report))
    _foot(page, report)


def _head(page: Page, report: Report) -> None:
    """Who against whom and the verdict; machine and cost beside them where there is room, else below."""
    styles = [_style(outcome) for outcome, _ in outline.counts(report)] or ["bold red"]
    words = list(zip(outline.verdict_words(report), styles, strict=True))
    if found := outline.finding_words(report):
        words.insert(0, (found, "bold red"))
    verdict = page.flow(words, SEPARATOR)
    sides, machine, cost = outline.sides(report), outline.machine(report), outline.cost(report)
    used = sum(page.measure(text) for text, _ in verdict[0])
    left = max(page.measure(sides), used)
    if len(verdict) == 1 and left + len(BETWEEN) + page.widest([machine, cost]) <= page.width:
        page.line((page.left(sides, left), ""), (BETWEEN, ""), (machine, "dim"))
        page.line(*verdict[0], (" " * (left - used) + BETWEEN, ""), (cost, "dim"))
    else:
        page.paragraph(sides)
        for line in verdict:
            page.line(*line)
        for line in page.flow([(part, "") for part in (machine, cost) if part], SEPARATOR):
            page.paragraph("".join(text for text, _ in line), style="dim")
    for warning in outline.warnings(report):
        page.paragraph(warning, first=[("warning: ", "yellow")], indent=2)


def _style(outcome: Outcome) -> str:
    style = STYLES[MARKS[outcome]]
    return style if outcome in outline.QUIET else f"bold {style}"


def _explanations(page: Page, report: Report) -> None:
    if report.explanations:
        page.line()
    for found in report.explanations:
        name, rest = outline.explanation(found)
        page.paragraph(f"{name}: {rest}", first=[("why  ", "bold")], indent=5)


def _findings(page: Page, report: Report) -> None:
    if report.findings:
        page.line()
    mark = MARKS[Outcome.REGRESSED]
    for found in report.findings:
        page.paragraph(outline.finding(found), first=[(f"{mark} ", f"bold {STYLES[mark]}")], indent=2)


def _passed(page: Page, report: Report) -> None:
    rows = matrix.without_target(report)
    tables = matrix.matrices(report)
    if not rows and not tables:
        return
    page.line()
    page.paragraph(outline.matrix_words(report), style="dim")
    if seen := outline.seen_words(report):
        page.paragraph(seen, style="dim")
    for table in tables:
        page.line()
        write_matrix(page, table)
    if rows:
        page.line()
        write_list(page, rows)


def _skips(page: Page, skipped: list[Skip]) -> None:
    if not skipped:
        return
    page.line()
    names, runtimes = (
        page.widest(skip.where for skip in skipped),
        page.widest(skip.target for skip in skipped),
    )
    mark = f"{MARKS[Outcome.SKIPPED]} "
    for skip in skipped:
        start: list[Piece] = [(mark, "dim"), (page.left(skip.where, names) + "  ", "")]
        if runtimes:
            start.append((page.left(skip.target, runtimes) + "  ", ""))
        indent = sum(page.measure(text) for text, _ in start)
        if page.width - indent >= NARROWEST_REASON:
            page.paragraph(skip.reason, first=start, indent=indent, style="dim")
        else:
            page.line(*start)
            page.paragraph(skip.reason, indent=4, style="dim")


def _foot(page: Page, report: Report) -> None:
    page.line()
    if report.result_file:
        page.line((f"results in {plain(report.result_file)}", "dim"))
    style = "green" if report.exit_code == ExitCode.PASSED else "red"
    page.line((f"exit {report.exit_code}: {outline.exit_reason(report)}", f"bold {style}"))
