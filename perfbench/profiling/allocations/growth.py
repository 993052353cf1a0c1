"""By how much an operation grows: the memory that each further call leaves behind.

The operation is called in rounds, and what is allocated is read after each. The growth per call is the median of
the rounds' increments, with the interval for a median that order statistics give (the sign test's), so that a
cache that is filled once, or a table that is doubled now and then, moves one round and not the result.
"""

from __future__ import annotations

import gc
import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perfbench.errors import UsageError
from perfbench.profiling.allocations import tracing
from perfbench.profiling.allocations.comparison import MOST_SHOWN, grouped
from perfbench.profiling.allocations.places import Filters, Place, Stack, signed
from perfbench.units import BYTES, format_value

FEWEST_ROUNDS = 6
"""With fewer, no interval of order statistics holds the median at 95 %."""


@dataclass(frozen=True, slots=True)
class GrowingLine:
    """What one line leaves behind per call: the median of its rounds."""

    place: Place
    bytes: float
    blocks: float


@dataclass(frozen=True, slots=True)
class Growth:
    """What each call leaves behind: `bytes` and (memory) `blocks` per call; [`low`, `high`] holds `bytes` at 95 %.

    `smallest` is the smallest growth in bytes per call that these rounds could have told from none. `lines` are
    those that grow most, the largest first.
    """

    bytes: float
    low: float
    high: float
    blocks: float
    smallest: float
    calls: int
    rounds: int
    lines: tuple[GrowingLine, ...]

    @property
    def grows(self) -> bool:
        """Whether the growth is above 0 with its whole interval."""
        return self.low > 0

    def __str__(self) -> str:
        title = (
            f"{signed(self.bytes, BYTES)} and {signed(self.blocks, 'blocks')} per call "
            f"[{format_value(self.low, BYTES)} … {format_value(self.high, BYTES)}]: "
            f"{'grows' if self.grows else 'no growth seen'}"
        )
        reach = (
            f"  {self.rounds} rounds of {self.calls} calls; growth below {format_value(self.smallest, BYTES)} per call,"
            " or in less than most rounds, is not seen"
        )
        rows = [
            f"  {signed(line.bytes, BYTES):>10}  {signed(line.blocks, 'blocks'):>12}  {line.place}"
            for line in self.lines[:MOST_SHOWN]
        ]
        if left := len(self.lines) - len(rows):
            rows.append(f"  and {left} more")
        return "\n".join([title, reach, *rows])


def growth(
    operation: Callable[[], object],
    *,
    warm_up: int = 20,
    calls: int = 20,
    rounds: int = 9,
    depth: int = 1,
    filters: Filters | None = None,
) -> Growth:
    """Call the operation `warm_up` times, and then `rounds` times `calls` times; say what each call leaves behind.

    Cyclic garbage is collected before each reading. Lines whose growth is below the filters' smallest size (per
    call) are not shown. Raises UsageError for fewer than 6 rounds or less than one call, MeasurementError where
    the operation stops tracemalloc; what the operation raises goes through.
    """
    if calls < 1 or rounds < FEWEST_ROUNDS or warm_up < 0:
        raise UsageError(
            f"growth cannot be told from {rounds} rounds of {calls} calls after {warm_up}",
            f"choose at least {FEWEST_ROUNDS} rounds and 1 call",
        )
    kept = filters or Filters()
    tracing.begin(depth)
    try:
        _call(operation, warm_up)
        readings = [_reading(kept)]
        for _ in range(rounds):
            _call(operation, calls)
            readings.append(_reading(kept))
    finally:
        tracing.end()
    return _judged(readings, calls, float(kept.smallest))


def _call(operation: Callable[[], object], times: int) -> None:
    for _ in itertools.repeat(None, times):
        operation()


def _reading(filters: Filters) -> tracing.Held:
    gc.collect()
    return grouped(tracing.allocated(), "line", filters)


def _judged(readings: Sequence[tracing.Held], calls: int, smallest_shown: float) -> Growth:
    sums = [
        (sum(size for size, _ in held.values()), sum(blocks for _, blocks in held.values()))
        for held in readings
    ]
    sizes, blocks = (
        [after - before for before, after in itertools.pairwise(side)] for side in zip(*sums, strict=True)
    )
    low, high = _median_interval(sizes)
    middle = statistics.median(sizes)
    return Growth(
        middle / calls,
        low / calls,
        high / calls,
        statistics.median(blocks) / calls,
        # Were all rounds to grow by more than the lower ones lie below the median, all of the interval would be.
        max(middle - low, 1) / calls,
        calls,
        len(sizes),
        _lines(readings, calls, smallest_shown),
    )


def _lines(readings: Sequence[tracing.Held], calls: int, smallest_shown: float) -> tuple[GrowingLine, ...]:
    increments: defaultdict[Stack, list[tuple[int, int]]] = defaultdict(list)
    for before, after in itertools.pairwise(readings):
        for stack in before.keys() | after.keys():
            (old, old_blocks), (new, new_blocks) = before.get(stack, (0, 0)), after.get(stack, (0, 0))
            if new != old:
                increments[stack].append((new - old, new_blocks - old_blocks))
    rounds = len(readings) - 1
    found = []
    for stack, moved in increments.items():
        # Rounds in which the line did not move are not listed; they are zeros.
        padded = [*moved, *itertools.repeat((0, 0), rounds - len(moved))]
        size, blocks = (statistics.median(side) / calls for side in zip(*padded, strict=True))
        if size and abs(size) >= smallest_shown:
            found.append(GrowingLine(Place(*stack[-1]) if stack else Place("?"), size, blocks))
    return tuple(sorted(found, key=lambda line: (-line.bytes, str(line.place))))


def _median_interval(values: Sequence[float]) -> tuple[float, float]:
    """The order statistics that hold the median at 95 % at least, whatever the values' distribution.

    Conover, Practical Nonparametric Statistics (3rd ed., 1999), section 3.2.
    """
    ordered, number = sorted(values), len(values)
    outside, cut = 0.0, 0
    while outside + 2 * math.comb(number, cut) / 2**number <= 0.05:
        outside += 2 * math.comb(number, cut) / 2**number
        cut += 1
    # At least FEWEST_ROUNDS values leave one outside of the interval on either side, so cut is 1 or more.
    return ordered[cut - 1], ordered[number - cut]
