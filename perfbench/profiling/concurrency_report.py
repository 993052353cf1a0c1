"""What the recorder of concurrency has written, read and shown: in_process/concurrency.py says how it is measured."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from perfbench.errors import UsageError
from perfbench.units import NO_VALUE, SECONDS, format_percent, format_value

VERSION = 1
LARGEST = 64 * 1024**2
"""Bytes; the recorder stops long before."""
WIDTH = 100
MOST_ROWS = 20
LONGEST_SENTENCE = 1000

Seconds = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class ThreadTimes:
    """One thread: how long it was recorded, on a CPU, ready and waiting for one (`run_queue`), and neither (`blocked`).

    `blocked` holds all its waiting: `lock_wait` for locks, `other_wait` for conditions, queues and threads, and what
    the recorder does not see, as files, sockets and sleep. All in seconds, None where the system does not tell.
    """

    name: str
    seconds: Seconds
    cpu: Seconds | None
    run_queue: Seconds | None
    blocked: Seconds | None
    lock_wait: Seconds
    other_wait: Seconds
    waits: Count


@dataclass(frozen=True, slots=True)
class Wait:
    """What was waited for at one place: `kind` is the call (`Lock.acquire`, `Queue.get`), `waited` where it stands.

    `created` is where the lock was made, empty where that was before the recording. In seconds.
    """

    kind: str
    created: str
    waited: str
    waits: Count
    seconds: Seconds
    longest: Seconds


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """Tasks of one coroutine that were made at one place and are in one state: alive, finished, cancelled, collected.

    `ran` and `waited` are their sums in seconds, `oldest` the greatest age. `awaiting` says where those alive wait;
    `ran` is None where the loop does not tell. A collected task was pending, and nobody held it any more.
    """

    name: str
    created: str
    stack: tuple[str, ...]
    state: str
    awaiting: str
    count: Count
    ran: Seconds | None
    waited: Seconds
    oldest: Seconds


@dataclass(frozen=True, slots=True)
class SlowCallback:
    """A function or a step of a coroutine that held its loop for long, so often and so many seconds."""

    name: str
    count: Count
    seconds: Seconds
    longest: Seconds


@dataclass(frozen=True, slots=True)
class GilContention:
    """How much of its time a thread waits for the GIL, from 0 to 1 as `method` says; None where it was not seen."""

    share: Annotated[float, msgspec.Meta(ge=0, le=1)] | None
    method: str


@dataclass(frozen=True, slots=True)
class Concurrency:
    """What threads and tasks waited for in a recording of so many seconds."""

    seconds: Seconds
    threads: tuple[ThreadTimes, ...]
    locks: tuple[Wait, ...]
    tasks: tuple[TaskGroup, ...]
    slow_callbacks: tuple[SlowCallback, ...]
    gil: GilContention
    notes: tuple[str, ...]


def read_concurrency(path: Path) -> Concurrency:
    """What the recorder has written to its `details`.

    Raises UsageError for a file that cannot be read, is larger than 64 MiB, or is not the recorder's.
    """
    remedy = "record again"
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is too large for a recording of concurrency", remedy)
        found = msgspec.json.decode(path.read_bytes())
        if not isinstance(found, dict) or found.get("perfbench_concurrency") != VERSION:
            raise UsageError(f"{path} is no recording of concurrency", remedy)
        return msgspec.convert(found, Concurrency)
    except (OSError, ValueError, RecursionError) as error:
        # msgspec's own errors are ValueErrors.
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} cannot be read: {reason}", remedy) from None


def render(found: Concurrency) -> str:
    """Tables of plain text, 100 columns wide, those that would be empty left out."""
    share = NO_VALUE if found.gil.share is None else format_percent(found.gil.share)
    parts = [
        _clean(f"{_time(found.seconds)} recorded"),
        f"GIL contention: {share}\n{_wrapped(found.gil.method)}",
        _threads(found.threads),
        _waits(found.locks),
        _tasks("tasks still alive", [task for task in found.tasks if task.state == "alive"]),
        _tasks("tasks that are over", [task for task in found.tasks if task.state != "alive"]),
        _slow(found.slow_callbacks),
        *(_wrapped(f"note: {note}") for note in found.notes[:MOST_ROWS]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


@dataclass(frozen=True, slots=True)
class _Row:
    """Numbers, then what they are of, and below that what else is to be said of it."""

    numbers: tuple[str, ...]
    name: str
    details: tuple[str, ...] = ()


def _threads(threads: Sequence[ThreadTimes]) -> str:
    rows = [
        _Row(
            tuple(
                map(_time, (one.blocked, one.lock_wait, one.other_wait, one.cpu, one.run_queue, one.seconds))
            ),
            one.name,
        )
        for one in sorted(threads, key=lambda one: -(one.blocked or 0.0))
    ]
    heads = ("blocked", "in locks", "in other waits", "on CPU", "waiting for CPU", "of")
    return _table("threads", heads, rows)


def _waits(locks: Sequence[Wait]) -> str:
    rows = [
        _Row(
            (_time(one.seconds), _time(one.longest), str(one.waits)),
            f"{one.kind}  {_short(one.waited)}",
            (f"created in {_short(one.created)}",) if one.created else (),
        )
        for one in sorted(locks, key=lambda one: -one.seconds)
    ]
    return _table("waits", ("waited", "longest", "waits"), rows)


def _tasks(title: str, tasks: Sequence[TaskGroup]) -> str:
    rows = [
        _Row(
            (str(one.count), _time(one.ran), _time(one.waited), _time(one.oldest)),
            f"{one.name}" if one.state == "alive" else f"{one.name}, {one.state}",
            tuple(
                f"{words} {' > '.join(map(_short, place.split(' > ')))}"
                for words, place in (("created in", one.created), ("awaits", one.awaiting))
                if place
            ),
        )
        for one in tasks
    ]
    return _table(title, ("tasks", "ran", "waited", "oldest"), rows)


def _slow(callbacks: Sequence[SlowCallback]) -> str:
    rows = [
        _Row((_time(one.longest), _time(one.seconds), str(one.count)), _short(one.name))
        for one in sorted(callbacks, key=lambda one: -one.longest)
    ]
    return _table("callbacks that held their loop", ("longest", "all in all", "times"), rows)


def _table(title: str, heads: tuple[str, ...], rows: Sequence[_Row]) -> str:
    """Numbers to the right, each under its head; nothing where there is no row."""
    if not rows:
        return ""
    shown = rows[:MOST_ROWS]
    widths = [max(map(len, column)) for column in zip(heads, *(row.numbers for row in shown), strict=True)]
    lines = [title, _cells(heads, widths)]
    for row in shown:
        start = _cells(row.numbers, widths) + "  "
        lines.append(_clean(start + row.name))
        lines += [_clean(f"{'':{len(start) + 2}}{detail}") for detail in row.details]
    if left := len(rows) - len(shown):
        lines.append(f"  and {left} more")
    return "\n".join(lines)


def _cells(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _time(seconds: float | None) -> str:
    return NO_VALUE if seconds is None else format_value(seconds, SECONDS)


def _short(place: str) -> str:
    """`function (…/folder/file:line)` with the last folder alone."""
    function, bracket, file = place.rpartition(" (")
    parts = file.replace("\\", "/").split("/")
    return f"{function}{bracket}{'/'.join(parts[-2:])}" if bracket else place


def _clean(line: str) -> str:
    """One line that fits and holds nothing that a terminal would obey."""
    line = _printable(line[: WIDTH + 1])
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _wrapped(sentence: str) -> str:
    text = _printable(sentence[:LONGEST_SENTENCE])
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
