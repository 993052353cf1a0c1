"""The report for a pull request: GitHub-flavoured Markdown, what moved in sight, the rest folded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from perfbench.model import Environment, Outcome, Report
from perfbench.reports import matrix, outline
from perfbench.reports.matrix import Cell, Matrix
from perfbench.reports.names import plain
from perfbench.units import format_value

ACTIVE = re.compile(r"[\\`*_\[\]<>|~&#$]")
DECISIVE = frozenset(outline.GRAVEST_FIRST[:4])


def render(report: Report) -> str:
    """The report as one Markdown text ending with a newline. Nothing in a name or reason becomes markup."""
    parts = [_verdict(report), _subject(report), *map(_warning, report.warnings)]
    entries = outline.entries(report)
    if entries:
        parts.append(
            _table(
                ("", "benchmark", "runtime", "median", "change", "why"),
                (
                    (
                        entry.mark,
                        code(entry.name),
                        escape(entry.runtime),
                        escape(entry.values),
                        escape(entry.change),
                        escape(entry.note),
                    )
                    for entry in entries
                ),
            )
        )
    parts += [*_passed(report), *_skipped(report), _environment(report)]
    parts.append(escape(f"exit {report.exit_code}: {outline.exit_reason(report)}"))
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is, in a table too; an @ mentions nobody."""
    return ACTIVE.sub(r"\\\g<0>", text).replace("@", "@\N{ZERO WIDTH SPACE}")


def code(text: str) -> str:
    """Text as code, in a table too: fenced with more backticks than stand in a row in it.

    Code cannot hold a backslash before a pipe there (the backslash would free the pipe): that stays text.
    """
    if not text or "\\|" in text:
        return escape(text)
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    room = " " if "`" in text else ""
    return f"{fence}{room}{text.replace('|', chr(92) + '|')}{room}{fence}"


def _verdict(report: Report) -> str:
    words = outline.verdict_words(report)
    decisive = {outcome for outcome, _ in outline.counts(report)} & DECISIVE
    return " · ".join(f"**{word}**" if number < len(decisive) or len(words) == 1 else word
                      for number, word in enumerate(words))  # fmt: skip


def _subject(report: Report) -> str:
    parts = (outline.sides(report), outline.machine(report), outline.cost(report))
    return " · ".join(escape(part) for part in parts if part)


def _warning(text: str) -> str:
    return f"> [!WARNING]\n> {escape(plain(text))}"


def _passed(report: Report) -> list[str]:
    tables = [_matrix(table) for table in matrix.matrices(report)]
    rows = matrix.without_runtime(report)
    if rows:
        cells = ((code(name), _cell(cell)) for name, cell in rows)
        tables.append(_table(("benchmark", "median"), cells, right_from=1))
    return [_folded(outline.matrix_words(report), tables)] if tables else []


def _matrix(table: Matrix) -> str:
    head = (code(table.group), *map(escape, table.runtimes))
    lines = ((code(phase), *map(_cell, cells)) for phase, cells in table.lines)
    return _table(head, lines, right_from=1)


def _cell(cell: Cell) -> str:
    return escape(" ".join(part for part in (cell.value, cell.change, cell.mark) if part))


def _skipped(report: Report) -> list[str]:
    skips = outline.skips(report)
    if not skips:
        return []
    number = dict(outline.counts(report))[Outcome.SKIPPED]
    rows = ((code(skip.where), escape(skip.runtime), escape(skip.reason), str(skip.rows)) for skip in skips)
    return [
        _folded(
            f"{number} skipped", [_table(("benchmarks", "runtime", "reason", "rows"), rows, right_from=3)]
        )
    ]


def _environment(report: Report) -> str:
    rows = [(name, escape(plain(value))) for name, value in _facts(report.environment) if value]
    for status in report.runtimes:
        absent = ": ".join(part for part in (status.reason, status.remedy) if part) or "absent"
        told = status.version or "present" if status.available else absent
        rows.append((f"runtime {escape(plain(status.name))}", escape(plain(told))))
    if report.result_file:
        rows.append(("result file", code(plain(report.result_file))))
    rows.append(("perfbench", escape(plain(report.version))))
    return _folded("where it ran", [_table(("", ""), rows)])


def _facts(environment: Environment) -> list[tuple[str, str]]:
    dependencies = ", ".join(f"{name} {version}" for name, version in environment.dependencies.items())
    return [
        ("machine", environment.machine),
        ("cpu", f"{environment.cpu}, {environment.cores} × {environment.governor or 'unknown governor'}"),
        ("memory", format_value(environment.memory, "bytes")),
        ("kernel", environment.kernel),
        ("python", environment.python),
        ("engine", environment.engine),
        ("dependencies", dependencies),
    ]


def _folded(summary: str, tables: Sequence[str]) -> str:
    """A part that opens on a click. Blank lines make GitHub read Markdown inside; `summary` is ours alone."""
    body = "\n\n".join(tables)
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right_from: int | None = None) -> str:
    start = len(head) if right_from is None else right_from
    rule = ["---" if number < start else "---:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
