"""The report for a pull request: GitHub-flavoured Markdown, what moved in sight, the rest folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perfbench.model import Outcome, Report
from perfbench.reports import matrix, outline
from perfbench.reports.entries import GRAVEST_FIRST, entries
from perfbench.reports.environment_facts import RESULT_FILE, facts
from perfbench.reports.markdown_text import code, escape, line
from perfbench.reports.matrix import Cell, Matrix
from perfbench.reports.room import Block, Fold, fill
from perfbench.reports.skips import skips

MARKER = "<!-- perfbench report -->"
"""The first line, which no reader sees: a later comment finds the earlier one by it, and takes its place."""

COMMENT_LIMIT = 65_536
"""What GitHub takes as a comment. It counts characters; bytes are never fewer."""

DECISIVE = frozenset(GRAVEST_FIRST[:4])
HEADINGS = ("", "benchmark", "target", "median", "change", "could see", "why")


def render(report: Report, limit: int = COMMENT_LIMIT) -> str:
    """The report as one Markdown text of at most `limit` bytes of UTF-8, ending with a newline.

    Nothing in a name or reason becomes markup, a link or a mention. What does not fit is left out from the
    end, and the last line but one says how much that is.
    """
    opening = [f"{MARKER}\n{_verdict(report)}", _subject(report)]
    closing = escape(f"exit {report.exit_code}: {outline.exit_reason(report)}")
    return fill(opening, list(_parts(report)), closing, limit)


def _verdict(report: Report) -> str:
    words = outline.verdict_words(report)
    decisive = {outcome for outcome, _ in outline.counts(report)} & DECISIVE
    bold = [f"**{word}**" if number < len(decisive) or len(words) == 1 else word
            for number, word in enumerate(words)]  # fmt: skip
    found = outline.finding_words(report)
    return " · ".join([f"**{found}**", *bold] if found else bold)


def _subject(report: Report) -> str:
    parts = (outline.sides(report), outline.machine(report), outline.cost(report))
    return " · ".join(escape(part) for part in parts if part)


def _parts(report: Report) -> Iterator[Block | Fold]:
    yield Block("findings", [f"- {line(outline.finding(found))}" for found in report.findings])
    yield Block(
        "warnings", [f"> {line(text)}" for text in outline.warnings(report)], "> [!WARNING]\n", "\n>\n"
    )
    rows = [
        (
            entry.mark,
            code(entry.name),
            escape(entry.target),
            escape(entry.values),
            escape(entry.change),
            escape(entry.seen),
            escape(entry.note),
        )
        for entry in entries(report)
    ]
    yield _table("rows", HEADINGS, rows)
    told = [outline.explanation(found) for found in report.explanations]
    yield Block("explanations", [f"- {code(name)}: {line(rest)}" for name, rest in told], "**Why**\n\n")
    yield from _passed(report)
    yield from _skipped(report)
    yield _environment(report)


def _passed(report: Report) -> Iterator[Fold]:
    tables = [_matrix(table) for table in matrix.matrices(report)]
    rows = [(code(name), _cell(cell)) for name, cell in matrix.without_target(report)]
    if rows:
        tables.append(_table("passed rows", ("benchmark", "median"), rows, right_from=1))
    if tables:
        words = "; ".join(filter(None, (outline.matrix_words(report), outline.seen_words(report))))
        yield Fold(words, tables)


def _matrix(table: Matrix) -> Block:
    head = (code(table.group), *map(escape, table.targets))
    lines = [(code(phase), *map(_cell, cells)) for phase, cells in table.lines]
    return _table("lines of passed rows", head, lines, right_from=1)


def _cell(cell: Cell) -> str:
    return escape(str(cell))


def _skipped(report: Report) -> Iterator[Fold]:
    skipped = skips(report)
    if not skipped:
        return
    number = dict(outline.counts(report))[Outcome.SKIPPED]
    rows = [(code(skip.where), escape(skip.target), escape(skip.reason), str(skip.rows)) for skip in skipped]
    heads = ("benchmarks", "target", "reason", "rows")
    yield Fold(f"{number} skipped", [_table("skipped patterns", heads, rows, right_from=3)])


def _environment(report: Report) -> Fold:
    rows = [
        (escape(name), code(value) if name == RESULT_FILE else escape(value)) for name, value in facts(report)
    ]
    return Fold("where it ran", [_table("facts of the environment", ("", ""), rows)])


def _table(noun: str, head: Sequence[str], rows: Sequence[Sequence[str]], right_from: int = 9) -> Block:
    """A table; columns from `right_from` on are flush right. `noun` says what its lines are."""
    rule = ["---" if number < right_from else "---:" for number in range(len(head))]
    opening = "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule))
    return Block(noun, [f"| {' | '.join(cells)} |" for cells in rows], opening)
