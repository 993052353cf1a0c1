"""The rows that a terminal report tells one by one: in columns, or in two lines each on a narrow page."""

from __future__ import annotations

from dataclasses import dataclass

from perfbench.reports.entries import Entry
from perfbench.reports.glyphs import STYLES
from perfbench.reports.page import Page
from perfbench.reports.sheets import Piece

GAP = "  "
NARROWEST_NOTE = 40
"""A note of several lines stands beside its row only where it has this many cells; else it goes below."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Widths in cells; an empty column takes none."""

    mark: int
    name: int
    target: int
    values: int
    change: int


def write_rows(page: Page, entries: list[Entry]) -> None:
    """Write every entry in the widest layout that the page has room for."""
    columns = _Columns(
        mark=page.widest(entry.mark for entry in entries) + 1,
        name=page.widest(entry.name for entry in entries),
        target=page.widest(entry.target for entry in entries),
        values=page.widest(entry.values for entry in entries),
        change=page.widest(entry.change for entry in entries),
    )
    widths = (columns.name, columns.target, columns.values, columns.change)
    one_line = columns.mark + sum(width + len(GAP) for width in widths if width)
    notes = [page.measure(entry.note) for entry in entries if entry.note]
    beside = [size for size in notes if one_line + size <= page.width]
    # One line a row is the better table, but not where most rows would need a second line after all.
    write = (
        _in_one_line if one_line - len(GAP) <= page.width and 2 * len(beside) >= len(notes) else _in_two_lines
    )
    for entry in entries:
        write(page, entry, columns)


def _in_one_line(page: Page, entry: Entry, columns: _Columns) -> None:
    start = [*_mark(page, entry, columns), *_column(page, entry.name, columns.name)]
    start += _column(page, entry.target, columns.target)
    _with_note(page, [*start, *_figures(page, entry, columns)], entry, columns)


def _in_two_lines(page: Page, entry: Entry, columns: _Columns) -> None:
    mark = _mark(page, entry, columns)
    if columns.mark + columns.name + len(GAP) + columns.target <= page.width:
        page.line(*mark, *_column(page, entry.name, columns.name, "bold"), (entry.target, ""))
    else:
        page.paragraph(
            f"{entry.name}{GAP}{entry.target}".rstrip(), first=mark, indent=columns.mark, style="bold"
        )
    start: list[Piece] = [(" " * columns.mark, "")]
    if entry.values or entry.change:
        _with_note(page, [*start, *_figures(page, entry, columns)], entry, columns)
    elif entry.note:
        page.paragraph(entry.note, indent=columns.mark, style="dim")


def _mark(page: Page, entry: Entry, columns: _Columns) -> list[Piece]:
    return [(page.left(entry.mark, columns.mark), f"bold {STYLES[entry.mark]}")]


def _column(page: Page, text: str, width: int, style: str = "") -> list[Piece]:
    return [(page.left(text, width), style), (GAP, "")] if width else []


def _figures(page: Page, entry: Entry, columns: _Columns) -> list[Piece]:
    values = _column(page, entry.values, columns.values)
    return values + _column(page, entry.change, columns.change, STYLES[entry.mark])


def _with_note(page: Page, pieces: list[Piece], entry: Entry, columns: _Columns) -> None:
    """A line and its note: beside it where that fits or the rest of the line is wide, else below."""
    hanging = sum(page.measure(text) for text, _ in pieces)
    if entry.note and hanging + min(page.measure(entry.note), NARROWEST_NOTE) <= page.width:
        page.paragraph(entry.note, first=pieces, indent=hanging, style="dim")
        return
    page.line(*pieces)
    if entry.note:
        page.paragraph(entry.note, indent=columns.mark + len(GAP), style="dim")
