"""Two readings of what is allocated, compared by line, by file or by whole stack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from perfbench.errors import UsageError
from perfbench.profiling.allocations.places import Filters, Place, Stack, signed
from perfbench.profiling.allocations.tracing import Held
from perfbench.units import BYTES

By = Literal["line", "file", "traceback"]

MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class MovedStack:
    """What one place has allocated more (or, negative, less) than before, and what it holds after that.

    `stack` is one place where the comparison is by line or by file; else it runs from the root to the allocation.
    `blocks` are memory blocks.
    """

    stack: tuple[Place, ...]
    bytes: int
    blocks: int
    bytes_after: int
    blocks_after: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """By how much what is allocated moved, all in all (`bytes`, `blocks`) and place by place.

    `moved` has the places that moved most first; those that moved by less than the filters' smallest size are in
    the sums alone.
    """

    before: str
    after: str
    by: By
    bytes: int
    blocks: int
    moved: tuple[MovedStack, ...]

    def __str__(self) -> str:
        return self.text()

    def text(self, most: int = MOST_SHOWN) -> str:
        """The sums in one line, and below it the `most` places that moved most, a line (or a stack) each."""
        title = f"{signed(self.bytes, BYTES)} in {signed(self.blocks, 'blocks')}, from {self.before} to {self.after}"
        return "\n".join([title, *self.rows(most)])

    def rows(self, most: int = MOST_SHOWN) -> list[str]:
        """The lines below the sums."""
        shown = self.moved[:most]
        cells = [(signed(one.bytes, BYTES), signed(one.blocks, "blocks")) for one in shown]
        widths = [max((len(row[column]) for row in cells), default=0) for column in (0, 1)]
        lines = []
        for one, (size, blocks) in zip(shown, cells, strict=True):
            start = f"  {size:>{widths[0]}}  {blocks:>{widths[1]}}  "
            first, *others = one.stack or (Place("?"),)
            lines.append(f"{start}{first}")
            lines += [f"{'':{len(start)}}{place}" for place in others]
        if left := len(self.moved) - len(shown):
            lines.append(f"  and {left} more")
        return lines


def compared(
    before: Held, after: Held, by: By, filters: Filters, *, names: tuple[str, str] = ("before", "after")
) -> Comparison:
    """Raises UsageError where `by` is none of line, file and traceback."""
    old, new = grouped(before, by, filters), grouped(after, by, filters)
    moved = list(_moved(old, new))
    shown = [one for one in moved if abs(one.bytes) >= float(filters.smallest)]
    shown.sort(key=lambda one: (-abs(one.bytes), -abs(one.blocks), one.stack and str(one.stack[-1])))
    return Comparison(
        *names, by, sum(one.bytes for one in moved), sum(one.blocks for one in moved), tuple(shown)
    )


def grouped(held: Held, by: By, filters: Filters) -> Held:
    """What the filters keep, summed up by place. Raises UsageError as `compared` does."""
    if by not in get_args(By):
        raise UsageError(
            f"allocations cannot be compared by {by!r}", f"choose one of {', '.join(get_args(By))}"
        )
    sums: defaultdict[Stack, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for stack, (size, blocks) in held.items():
        if filters.keep(stack):
            key = _key(stack, by)
            sums[key] = (sums[key][0] + size, sums[key][1] + blocks)
    return dict(sums)


def places(stack: Stack) -> tuple[Place, ...]:
    """A stack as it is shown."""
    return tuple(Place(file, line) for file, line in stack)


def _key(stack: Stack, by: By) -> Stack:
    if by == "traceback" or not stack:
        return stack
    return stack[-1:] if by == "line" else ((stack[-1][0], 0),)


def _moved(old: Held, new: Held) -> Iterable[MovedStack]:
    for stack in old.keys() | new.keys():
        size_before, blocks_before = old.get(stack, (0, 0))
        size, blocks = new.get(stack, (0, 0))
        if size != size_before or blocks != blocks_before:
            yield MovedStack(places(stack), size - size_before, blocks - blocks_before, size, blocks)
