"""Points in columns: as arrays in memory, as bytes in a table.

Bytes are little-endian. A column of bounds in which nothing is known has no bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int32]

NUMBER = "<i4"
FLOAT = "<f8"


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Equally long columns: the number of the run, the value and its bounds (NaN where unknown)."""

    runs: Numbers
    values: Floats
    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.runs)

    def taken(self, which: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Points:
        """These points of them, in this order."""
        return Points(self.runs[which], self.values[which], self.low[which], self.high[which])

    def packed(self) -> tuple[bytes, bytes, bytes, bytes]:
        """The four columns as a table holds them."""
        return self.runs.tobytes(), self.values.tobytes(), _bounds(self.low), _bounds(self.high)


def unpacked(runs: bytes, values: bytes, low: bytes, high: bytes) -> Points:
    """Points from the four columns of a table."""
    import numpy as np  # noqa: PLC0415

    numbers = np.frombuffer(runs, NUMBER)
    return Points(
        numbers, np.frombuffer(values, FLOAT), _unbound(low, len(numbers)), _unbound(high, len(numbers))
    )


def joined(parts: Sequence[Points]) -> Points:
    """All points of several, one part after the other."""
    import numpy as np  # noqa: PLC0415

    if len(parts) == 1:
        return parts[0]
    if not parts:
        return unpacked(b"", b"", b"", b"")
    return Points(
        np.concatenate([part.runs for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.high for part in parts]),
    )


def _bounds(column: Floats) -> bytes:
    import numpy as np  # noqa: PLC0415

    return b"" if np.isnan(column).all() else column.tobytes()


def _unbound(data: bytes, count: int) -> Floats:
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(data, FLOAT) if data else np.full(count, np.nan)
