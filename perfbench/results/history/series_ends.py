"""The ends of many series, read without the points before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from perfbench.results.history.columns import FLOAT, NUMBER
from perfbench.results.history.database import Database
from perfbench.results.history.loose import Loose

if TYPE_CHECKING:
    from perfbench.results.history.columns import Floats, Numbers

_SIZES = "SELECT strand, sum(length(runs)) FROM history_chunks GROUP BY strand"
_NEWEST = (
    "SELECT c.strand, c.runs, c.vals FROM history_chunks c JOIN (SELECT strand, part FROM (SELECT strand, part,"
    " sum(length(runs)) OVER (PARTITION BY strand ORDER BY part DESC ROWS BETWEEN UNBOUNDED PRECEDING"
    " AND 1 PRECEDING) AS newer FROM history_chunks) sizes WHERE newer IS NULL OR newer < ?) needed"
    " ON c.strand = needed.strand AND c.part = needed.part ORDER BY c.strand, c.part"
)
"""Of each strand the newest chunks, as many as hold so many bytes of runs."""

_BYTES = 4
"""Of a run's number."""


@dataclass(frozen=True, slots=True, eq=False)
class StrandEnd:
    """The newest points of one strand, in the order in which they came; `length` counts all that are stored."""

    runs: Numbers
    values: Floats
    length: int

    def holds(self, count: int) -> bool:
        """Whether these are the last `count` points, or all."""
        return len(self.runs) >= min(count, self.length)


def strand_ends(database: Database, loose: Loose, count: int) -> Mapping[int, StrandEnd]:
    """Of each strand that has chunks, some `count` points of its newest chunks, and those that are loose."""
    import numpy as np  # noqa: PLC0415

    sizes = {strand: int(size) // _BYTES for strand, size in database.rows(_SIZES)}
    found: dict[int, StrandEnd] = {}
    for strand, packed in groupby(database.stream(_NEWEST, (count * _BYTES,)), key=itemgetter(0)):
        parts = [
            (np.frombuffer(bytes(row[1]), NUMBER), np.frombuffer(bytes(row[2]), FLOAT)) for row in packed
        ]
        length = sizes[strand]
        for newest in loose.points(strand):
            parts.append((newest.runs, newest.values))
            length += len(newest)
        runs, values = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
        found[strand] = StrandEnd(runs[-count:], values[-count:], length)
    return found
