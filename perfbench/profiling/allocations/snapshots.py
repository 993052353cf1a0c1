"""Snapshots by name: taken while a program runs, compared when it is done."""

from __future__ import annotations

import gc
from types import TracebackType

from perfbench.errors import UsageError
from perfbench.profiling.allocations import tracing
from perfbench.profiling.allocations.comparison import By, Comparison, compared
from perfbench.profiling.allocations.places import Filters


class Snapshots:
    """Keeps what is allocated at moments that have names.

        with Snapshots() as snapshots:
            snapshots.take("before")
            work()
            snapshots.take("after")
        print(snapshots.compare("before", "after", by="file"))

    Tracing runs within the `with` block, `depth` frames deep, and is as it was after it; comparing can wait until
    then. What was allocated before tracing began is not seen.
    """

    def __init__(self, *, depth: int = 25) -> None:
        self._depth = depth
        self._taken: dict[str, tracing.Held] = {}
        self._open = False

    def __enter__(self) -> Snapshots:
        """Raises UsageError where the block is entered twice, or for a depth that is none."""
        if self._open:
            raise UsageError(
                "these snapshots are being taken already", "make new Snapshots() for a block within"
            )
        tracing.begin(self._depth)
        self._open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        tracing.end()

    @property
    def names(self) -> tuple[str, ...]:
        """The names so far, in the order in which they were taken."""
        return tuple(self._taken)

    def take(self, name: str) -> None:
        """Keep what is allocated now, cyclic garbage collected first, as `name`, in place of what had that name.

        Raises UsageError outside of the `with` block, MeasurementError where tracemalloc was stopped within it.
        """
        if not self._open:
            raise UsageError(f"the snapshot {name!r} was taken outside of the block", "take it within `with`")
        gc.collect()
        self._taken.pop(name, None)
        self._taken[name] = tracing.allocated()

    def compare(
        self, before: str, after: str, by: By = "line", *, filters: Filters | None = None
    ) -> Comparison:
        """How far what is allocated moved between two snapshots.

        Raises UsageError for a name that was not taken, and for a `by` that is none of line, file and traceback.
        """
        return compared(
            self._named(before), self._named(after), by, filters or Filters(), names=(before, after)
        )

    def _named(self, name: str) -> tracing.Held:
        if name not in self._taken:
            known = ", ".join(map(repr, self._taken)) or "none"
            raise UsageError(f"there is no snapshot {name!r}", f"those that were taken: {known}")
        return self._taken[name]
