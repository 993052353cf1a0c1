"""What `perf script` writes: for each sample a line that names it, then its frames, the leaf first, then an empty line.

    python 2981 [001] 23859.882789:    1001001 cpu-clock:
            7f7bb185ea00 _PyObject_Free+0x55 (/usr/lib/libpython3.12.so.1.0)
            7f7bb1000120 py::load:/srv/app/models.py (/tmp/perf-2981.map)

Described by perf-script(1), and by Python's "Python support for the Linux perf profiler", whose functions have symbols
`py::NAME:FILE`. Each sample counts as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from perfbench.model_profile import Frame
from perfbench.profiling.readers.frame_text import UNKNOWN, shortened, split_place
from perfbench.profiling.readers.profile import SAMPLES, Problems, Profile, Stacks, no_samples

_SAMPLE = re.compile(
    rb"\s*+(?P<command>\S.{0,63}?)\s{1,32}-?\d{1,10}(?:/-?\d{1,10})?\s{1,32}(?:\[\d{1,10}\]\s{1,32})?"
    rb"\d{1,20}\.\d{1,20}:\s{1,32}(?:\d{1,20}\s{1,32})?(?P<event>[^\s:]\S*):(?P<rest>.*)"
)
"""Command, process or process/thread, CPU, time, period and event. An event's name may hold colons. All is bounded, so
that no line takes long."""

_FRAME = re.compile(rb"\s*+[0-9a-f]++\s++\S")
_OFFSET = re.compile(r"\+0x[0-9a-f]+$")
_PYTHON = re.compile(r"py::(?P<function>[^:]*):(?P<file>.+)", re.DOTALL)
_MAP = re.compile(r".*/(?:perf-\d+\.map|jitted-\d+-\d+\.so)")

MOST_REMEMBERED = 200_000
"""Lines whose frames are remembered."""


def is_perf_script(start: bytes) -> bool:
    """Whether a text that begins so is perf script's."""
    lines = (line for line in start.splitlines() if line.strip() and not line.startswith(b"#"))
    return _SAMPLE.match(next(lines, b"")[:1000]) is not None


def read_perf_script(batches: Iterable[list[bytes]], path: Path) -> Profile:
    """The profile in these lines. Raises UsageError where there are no stacks, or too many."""
    reading = _Reading(path)
    for number, line in enumerate(chain.from_iterable(batches), 1):
        reading.take(number, line)
    reading.end()
    if not len(reading.stacks):
        raise no_samples(path)
    samples = len(reading.stacks)
    return Profile(reading.stacks.tree(), SAMPLES, samples, reading.problems.found())


class _Reading:
    """The stacks of the lines so far, and the sample that is open."""

    def __init__(self, path: Path) -> None:
        self.stacks, self.problems = Stacks(path), Problems(path)
        self._frames: dict[bytes, int] = {}
        self._commands: dict[bytes, int] = {}
        self._command: int | None = None
        self._leaf: bytes | None = None
        """The frame on a sample's own line, where perf has recorded no stacks."""
        self._stack: list[int] = []

    def take(self, number: int, line: bytes) -> None:
        """Take one line."""
        if self._command is not None and (known := self._frames.get(line)) is not None:
            self._stack.append(known)
        elif line.isspace():
            self.end()
        elif line.startswith(b"#"):
            pass
        elif found := _SAMPLE.match(line):
            self.end()
            self._command = self._numbered_command(found["command"])
            self._leaf = found["rest"] if _FRAME.match(found["rest"]) else None
        elif not line[:1].isspace():
            self.problems.note(number, "is neither a sample nor a frame")
        elif self._command is None:
            self.problems.note(number, "is a frame of no sample")
        elif _FRAME.match(line):
            self._stack.append(self._numbered(line))
        # else what perf was asked for besides, as source lines

    def end(self) -> None:
        """The sample that is open is whole."""
        if self._command is not None:
            if not self._stack and self._leaf is not None:
                self._stack.append(self._numbered(self._leaf))
            self.stacks.add([self._command, *reversed(self._stack)], 1.0)
        self._command, self._leaf, self._stack = None, None, []

    def _numbered(self, line: bytes) -> int:
        if len(self._frames) >= MOST_REMEMBERED:
            self._frames.clear()
        _, text = line.decode(errors="replace").split(None, 1)
        number = self._frames[line] = self.stacks.number(frame_of(text.strip()))
        return number

    def _numbered_command(self, command: bytes) -> int:
        found = self._commands.get(command)
        if found is None:
            if len(self._commands) >= MOST_REMEMBERED:
                self._commands.clear()
            frame = Frame(command.decode(errors="replace"))
            found = self._commands[command] = self.stacks.number(frame)
        return found


def frame_of(text: str) -> Frame:
    """The frame of `symbol+0x12 (library)`: a library goes by its name alone, as it lies elsewhere elsewhere."""
    symbol, library = split_place(text)
    symbol = shortened(_OFFSET.sub("", symbol))
    if found := _PYTHON.fullmatch(symbol):
        return Frame(found["function"], found["file"])
    if library in ("", UNKNOWN):
        return Frame(symbol)
    if _MAP.fullmatch(library):
        return Frame(symbol, "[generated]")
    return Frame(symbol, shortened(library.removesuffix(" (deleted)").rpartition("/")[2]))
