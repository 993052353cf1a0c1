"""The newest points of an index, which are not in chunks yet: a few runs of many strands each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfbench.results.history.columns import NUMBER, Points, joined, unpacked
from perfbench.results.history.database import Database

if TYPE_CHECKING:
    from perfbench.results.history.columns import Numbers


class Loose:
    """All loose points, in the order of their strands, found by strand."""

    def __init__(self, strands: Numbers, points: Points) -> None:
        import numpy as np  # noqa: PLC0415

        order = np.argsort(strands, kind="stable")
        self.strands = strands[order]
        self.all = points.taken(order)
        numbers, starts = np.unique(self.strands, return_index=True)
        ends = np.append(starts[1:], len(self.strands))[: len(starts)]  # none where there are no points
        self._slices = {
            number: slice(start, end)
            for number, start, end in zip(numbers.tolist(), starts.tolist(), ends.tolist(), strict=True)
        }

    @classmethod
    def of(cls, database: Database) -> Loose:
        """Those that a database holds."""
        import numpy as np  # noqa: PLC0415

        rows = database.rows("SELECT strands, runs, vals, lows, highs FROM history_loose ORDER BY id")
        strands = [np.frombuffer(bytes(row[0]), NUMBER) for row in rows]
        points = [unpacked(*map(bytes, row[1:])) for row in rows]
        return cls(np.concatenate(strands) if strands else np.empty(0, np.int32), joined(points))

    def points(self, strand: int) -> list[Points]:
        """Those of one strand, as no part or one."""
        found = self._slices.get(strand)
        return [] if found is None else [self.all.taken(found)]
