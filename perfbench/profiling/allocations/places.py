"""Where memory was allocated, how such a place is shown, and which places count."""

from __future__ import annotations

import fnmatch
import importlib
import os
import re
import sys
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path

from perfbench import units
from perfbench.errors import UsageError
from perfbench.units import BYTES, format_value, parse_quantity

Stack = tuple[tuple[str, int], ...]
"""Files and lines as tracemalloc names them, from the root; the last one allocated."""

_ROOM = Path(__file__).parent
OWN_FILES = (
    tracemalloc.__file__,
    str(_ROOM / "*"),
    str(_ROOM.parent / "pytest_fixture.py"),
    units.__file__,
    "<frozen importlib*",
    str(Path(importlib.__file__).parent / "*"),
)
"""Patterns of what tracing itself and imports allocate."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; `line` is 0 where it stands for the whole file."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        name = _below_its_root(self.file)
        return f"{name}:{self.line}" if self.line else name


@dataclass(frozen=True, slots=True)
class Filters:
    """Which allocations count, by patterns of file names (`json/*.py`, `*/site-packages/*`), and which are shown.

    `include` keeps the allocations with a matching file anywhere in their stack, as deep as it was traced;
    `exclude` leaves out those that a matching file made itself. A pattern that begins with neither `/` nor `*`
    nor `<` matches below any folder. What moved by less than `smallest` (`"1 KiB"`, or bytes) counts but is not
    shown. What tracing itself and imports allocate is left out, unless `own`.

    Raises UsageError for a size that is none.
    """

    include: tuple[str, ...] | str = ()
    exclude: tuple[str, ...] | str = ()
    smallest: float | str = 0
    own: bool = False
    _wanted: re.Pattern[str] | None = field(init=False, repr=False, compare=False)
    _unwanted: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "smallest", as_bytes(self.smallest, "the smallest size"))
        own = () if self.own else OWN_FILES
        object.__setattr__(self, "_wanted", _any_of(_several(self.include)))
        object.__setattr__(self, "_unwanted", _any_of((*own, *_several(self.exclude))))

    def keep(self, stack: Stack) -> bool:
        """Whether what was allocated there counts."""
        if self._unwanted is not None and stack and self._unwanted.fullmatch(stack[-1][0]):
            return False
        return self._wanted is None or any(self._wanted.fullmatch(file) for file, _ in stack)


def as_bytes(size: float | str, what: str) -> float:
    """`"10 KiB"` is 10240. Raises UsageError with `what` in its sentence where the size is none."""
    try:
        found = parse_quantity(size, BYTES)
    except ValueError as error:
        raise UsageError(f"{what} is wrong: {error}", "write it as '10 KiB'") from None
    if found < 0:
        raise UsageError(f"{what} cannot be {format_value(found, BYTES)}", "write it as '10 KiB'")
    return found


def signed(value: float, unit: str) -> str:
    """A difference with its sign: 2048 bytes are `+2 KiB`."""
    text = format_value(value, unit)
    return f"+{text}" if value > 0 else text


def _several(patterns: tuple[str, ...] | str) -> tuple[str, ...]:
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    anywhere = [
        one if one.startswith(("*", "<")) or Path(one).is_absolute() else f"*/{one}" for one in patterns
    ]
    return re.compile("|".join(fnmatch.translate(one) for one in anywhere))


def _below_its_root(file: str) -> str:
    """The path below the working directory, else below the folder it was imported from, else the whole path."""
    roots = [os.getcwd(), *sorted(filter(None, sys.path), key=len, reverse=True)]  # noqa: PTH109
    for root in roots:
        start = root.rstrip(os.sep) + os.sep
        if file.startswith(start):
            return file[len(start) :]
    return file
