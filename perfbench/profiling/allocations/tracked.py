"""Allocations of a block of code: what it holds, what it held at most, and the lines that allocated the rest.

tracemalloc keeps a single peak. Blocks that run within one another share it: before anyone resets it, all blocks
take note of it. What the readings of an inner block take themselves is counted and left out.
"""

from __future__ import annotations

import gc
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from perfbench.errors import UsageError
from perfbench.profiling.allocations import tracing
from perfbench.profiling.allocations.comparison import MOST_SHOWN, Comparison, compared
from perfbench.profiling.allocations.places import Filters, signed
from perfbench.units import BYTES, format_value


@dataclass(frozen=True, slots=True)
class Allocations:
    """What a block has done, in bytes: `current` is what it holds at its end, `peak` what it held at most.

    Both are above what was allocated at its start and count everything. `difference` says which lines hold it, of
    those that the filters keep.
    """

    current: int
    peak: int
    difference: Comparison

    def __str__(self) -> str:
        return self.text()

    def text(self, most: int = MOST_SHOWN) -> str:
        """Sums in one line, and below it the `most` lines that moved most."""
        title = f"{signed(self.current, BYTES)}, at most {format_value(self.peak, BYTES)}"
        return "\n".join([title, *self.difference.rows(most)])


class _Ledger:
    """What the running blocks share: the one peak, and how many of the traced bytes are readings that they keep."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._running: list[TrackedBlock] = []
        self._unseen = 0

    def traced(self) -> int:
        """The bytes that are allocated now."""
        return tracemalloc.get_traced_memory()[0] - self._unseen

    def note_peak(self, whose: Callable[[TrackedBlock], bool] = lambda _: True) -> None:
        """Tell running blocks of the peak since the last time, and begin a new one."""
        highest = tracemalloc.get_traced_memory()[1] - self._unseen
        for block in filter(whose, self._running):
            block.highest = max(block.highest, highest)
        tracemalloc.reset_peak()

    def enter(self, block: TrackedBlock, traced_before: bool) -> tuple[tracing.Held, int]:
        """What is allocated as the block begins, and how many bytes that reading takes."""
        held: tracing.Held = {}
        own = 0
        if traced_before:
            gc.collect()
            self.note_peak()
            start = tracemalloc.get_traced_memory()[0]
            held = tracing.allocated()
            gc.collect()  # empties the free lists as well, which the reading has filled
            own = tracemalloc.get_traced_memory()[0] - start
            self._unseen += own
            self._pass_over()
        self._running.append(block)
        return held, own

    def leave(self, block: TrackedBlock, own: int) -> None:
        """Forget a block that has dropped the reading of its start, and the one of its end."""
        if block in self._running:
            self._running.remove(block)
        self._unseen -= own
        self._pass_over()

    def _pass_over(self) -> None:
        """The peak since the last time is a reading's; only another thread may have had a higher one meanwhile."""
        here = threading.get_ident()
        self.note_peak(lambda block: block.thread != here)


_ledger = _Ledger()


class TrackedBlock:
    """A block whose allocations are tracked. `current` and `peak` may be read at any time, `result` after it."""

    def __init__(self, depth: int, filters: Filters) -> None:
        self._depth, self._filters = depth, filters
        self._before: tracing.Held | None = None
        self._own = 0
        self._start = 0
        self.highest = 0
        self.thread = 0
        self._result: Allocations | None = None

    def __enter__(self) -> TrackedBlock:
        """Raises UsageError for a block that is entered twice, and for a depth that is none."""
        if self._before is not None or self._result is not None:
            raise UsageError("this block is tracked already", "call tracked_allocations() for each block")
        traced_before = not tracing.begin(self._depth)
        try:
            self.thread = threading.get_ident()
            with _ledger.lock:
                self._before, self._own = _ledger.enter(self, traced_before)
                self._start = self.highest = _ledger.traced() if traced_before else 0
        except BaseException:
            tracing.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises MeasurementError where the block stopped tracemalloc and raised nothing itself."""
        try:
            if kind is None or tracemalloc.is_tracing():
                gc.collect()
                self._finish()
        finally:
            self._leave()
            tracing.end()

    @property
    def current(self) -> int:
        """Bytes allocated now (after the block: at its end) above those at its start."""
        return _ledger.traced() - self._start if self._result is None else self._result.current

    @property
    def peak(self) -> int:
        """The most bytes so far above those at the block's start."""
        if self._result is not None:
            return self._result.peak
        with _ledger.lock:
            _ledger.note_peak()
        return self.highest - self._start

    @property
    def result(self) -> Allocations:
        """What the block has done. Raises UsageError before its end."""
        if self._result is None:
            raise UsageError("the tracked block has not ended", "read its result after the `with` block")
        return self._result

    def __str__(self) -> str:
        return str(self.result)

    def _finish(self) -> None:
        with _ledger.lock:
            _ledger.note_peak()
            current = _ledger.traced() - self._start
            after = tracing.allocated()
        difference = compared(self._before or {}, after, "line", self._filters, names=("start", "end"))
        self._result = Allocations(current, self.highest - self._start, difference)

    def _leave(self) -> None:
        with _ledger.lock:
            self._before = None
            _ledger.leave(self, self._own)


def tracked_allocations(*, depth: int = 1, filters: Filters | None = None) -> TrackedBlock:
    """Track the allocations of a `with` block, `depth` frames deep:

        with tracked_allocations() as tracked:
            work()
        print(tracked.result)

    Blocks may run within one another and in several threads. Each sees the allocations of all threads, and its peak
    what the readings of other threads' blocks take; the results of blocks within it are part of what it holds. Cyclic
    garbage is collected at both ends. Where tracemalloc ran before, the peak that it had kept is lost, since it
    keeps only one.
    """
    return TrackedBlock(depth, filters or Filters())
