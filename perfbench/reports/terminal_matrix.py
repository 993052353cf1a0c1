"""Runtime × phase on a terminal: as many columns as the page holds, the others in another block below."""

from __future__ import annotations

from perfbench.reports.glyphs import STYLES
from perfbench.reports.matrix import Cell, Matrix
from perfbench.reports.page import Page
from perfbench.reports.sheets import Piece

GAP = "  "
BETWEEN_COLUMNS = 4


def write_matrix(page: Page, table: Matrix) -> None:
    """Write one class's table. Values are flush right below each other; a change or a mark follows."""
    columns = [_Column(page, target, [cells[number] for _, cells in table.lines])
               for number, target in enumerate(table.targets)]  # fmt: skip
    phases = [phase for phase, _ in table.lines]
    first = page.widest([table.group, *phases])
    for block in _blocks(columns, page.width - first):
        page.line(
            (page.left(table.group, first), "bold"), *(piece for column in block for piece in column.head())
        )
        for number, phase in enumerate(phases):
            page.line(
                (page.left(phase, first), ""), *(piece for column in block for piece in column.cell(number))
            )


def write_list(page: Page, rows: list[tuple[str, Cell]]) -> None:
    """Write rows without a runtime, in as many columns as the page holds, read downwards."""
    names = page.widest(name for name, _ in rows)
    column = _Column(page, "", [cell for _, cell in rows])
    size = names + column.size
    across = max(1, (page.width + BETWEEN_COLUMNS) // (size + BETWEEN_COLUMNS))
    down = -(-len(rows) // across)
    for first in range(down):
        pieces: list[Piece] = []
        for number in range(first, len(rows), down):
            between = " " * BETWEEN_COLUMNS if pieces else ""
            pieces += [(between + page.left(rows[number][0], names), ""), *column.cell(number)]
        page.line(*pieces)


class _Column:
    """One runtime's cells, with the widths they need."""

    def __init__(self, page: Page, title: str, cells: list[Cell]) -> None:
        self._page = page
        self._title = title
        self._cells = cells
        self._beside = page.widest(map(_beside, cells))
        self._value = max(page.widest(cell.value for cell in cells), page.measure(title) - self._beside)
        self.size = len(GAP) + self._value + self._beside

    def head(self) -> list[Piece]:
        return [(GAP, ""), (self._page.right(self._title, self._value + self._beside), "bold")]

    def cell(self, number: int) -> list[Piece]:
        cell = self._cells[number]
        return [
            (GAP, ""),
            (self._page.right(cell.value, self._value), ""),
            (self._page.left(_beside(cell), self._beside), STYLES.get(cell.mark, "dim")),
        ]


def _beside(cell: Cell) -> str:
    return "".join(f" {part}" for part in (cell.change, cell.mark) if part)


def _blocks(columns: list[_Column], width: int) -> list[list[_Column]]:
    """Columns in runs that fit the width; one that is wider than the page stands alone."""
    blocks: list[list[_Column]] = []
    room = 0
    for column in columns:
        if not blocks or column.size > room:
            blocks.append([])
            room = width
        blocks[-1].append(column)
        room -= column.size
    return blocks
