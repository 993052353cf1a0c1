"""The ends of many series, read without the points before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfbench.results.history.columns import FLOAT, NUMBER
from perfbench.results.history.database import Database
from perfbench.results.history.loose import Loose

if TYPE_CHECKING:
    from perfbench.results.history.columns import Floats, Numbers

_NEWEST = (
    "SELECT c.strand, n.size, c.runs, c.vals FROM history_chunks c JOIN"
    " (SELECT strand, max(part) AS part, sum(length(runs)) AS size FROM history_chunks GROUP BY strand) n"
    " ON c.strand = n.strand AND c.part = n.part"
)
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
    """Of each strand that has chunks, some `count` points of its newest chunk, and those that are loose."""
    import numpy as np  # noqa: PLC0415

    found: dict[int, StrandEnd] = {}
    for strand, size, packed_runs, packed_values in database.stream(_NEWEST):
        runs = np.frombuffer(bytes(packed_runs), NUMBER)[-count:]
        values = np.frombuffer(bytes(packed_values), FLOAT)[-count:]
        length = int(size) // _BYTES
        for newest in loose.points(strand):
            runs, values = np.concatenate((runs, newest.runs)), np.concatenate((values, newest.values))
            length += len(newest)
        found[strand] = StrandEnd(runs[-count:], values[-count:], length)
    return found
