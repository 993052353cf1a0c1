"""Reads a memray capture in a process of its own: `python memray_child.py CAPTURE WHAT OUT`.

memray reads in C++, which a damaged capture can crash. What it finds goes into OUT: a line of JSON, then whole numbers
of 4 bytes (the frames of all stacks, one stack after the other, from its root on), then for each stack its length as
such a number, and its bytes and its allocations as floats of 8 bytes.

API: https://bloomberg.github.io/memray/api.html, memray.FileReader.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memray import AllocationRecord, FileReader

FREED = (1, 5, 15)
"""memray.AllocatorType of records that free: PYMALLOC_FREE, FREE, MUNMAP."""

ROOM = 8 * 2**30
"""Bytes of address space that reading may take."""


class StackWriter:
    """Numbers frames and keeps stacks, as OUT holds them."""

    def __init__(self, *, native: bool) -> None:
        self._native = native
        self._numbers: dict[tuple[str, str, int], int] = {}
        self._hidden: dict[tuple[str, str, int], bool] = {}
        self._flat, self._lengths = array("i"), array("i")
        self._bytes, self._allocations = array("d"), array("d")

    def add(self, record: AllocationRecord, size: int, allocations: int) -> None:
        """Take the stack of one record."""
        numbers = self._numbers
        stack = (
            [frame for frame in record.hybrid_stack_trace() if not self._hides(frame)]
            if self._native
            else record.stack_trace()
        )
        self._flat.extend([numbers.setdefault(frame, len(numbers)) for frame in reversed(stack)])
        self._lengths.append(len(stack))
        self._bytes.append(size)
        self._allocations.append(allocations)

    def write(self, out: Path) -> None:
        """Write all of it."""
        head = {"frames": list(self._numbers), "flat": len(self._flat), "stacks": len(self._lengths)}
        with out.open("wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            for column in (self._flat, self._lengths, self._bytes, self._allocations):
                column.tofile(file)

    def _hides(self, frame: tuple[str, str, int]) -> bool:
        """Whether memray's own flame graphs hide it: the interpreter's loop, which calls every function."""
        from memray.reporters.frame_tools import is_cpython_internal  # noqa: PLC0415

        found = self._hidden.get(frame)
        if found is None:
            found = self._hidden[frame] = is_cpython_internal(frame)
        return found


def main() -> int:
    """Read, write, and leave."""
    from memray import FileReader  # noqa: PLC0415

    capture, what, out = sys.argv[1:]
    _bound_memory()
    with FileReader(capture) as reader:
        stacks = StackWriter(native=reader.metadata.has_native_traces)
        if what == "total":
            _add_total(reader, stacks)
        else:
            records: dict[str, Callable[[], Iterable[AllocationRecord]]] = {
                "peak": reader.get_high_watermark_allocation_records,
                "leaks": reader.get_leaked_allocation_records,
                "temporary": reader.get_temporary_allocation_records,
            }
            for record in records[what]():
                stacks.add(record, record.size, record.n_allocations)
        stacks.write(Path(out))
    return 0


def _add_total(reader: FileReader, stacks: StackWriter) -> None:
    """What was ever allocated. memray sums that up for no stack, so each record is looked at."""
    found: dict[tuple[int, int, int], list[Any]] = {}
    for record in reader.get_allocation_records():
        if record.allocator in FREED:
            continue
        place = (record.stack_id, record.native_stack_id, record.native_segment_generation)
        entry = found.get(place)
        if entry is None:
            found[place] = [record, record.size, 1]
        else:
            entry[1] += record.size
            entry[2] += 1
    for record, size, allocations in found.values():
        stacks.add(record, size, allocations)


def _bound_memory() -> None:
    import resource  # noqa: PLC0415

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (ROOM if hard < 0 else min(ROOM, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
