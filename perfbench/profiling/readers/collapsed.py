"""Collapsed stacks: one a line, its frames from the root on between semicolons, its weight behind them.

The format is that of Brendan Gregg's stackcollapse scripts (https://github.com/brendangregg/FlameGraph); py-spy writes
it as `record -f raw`, with frames of the form `name (file:line)`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path

from perfbench.profiling.call_tree import CallTree, StackCollector, overlaid
from perfbench.profiling.readers.frame_text import frame_of
from perfbench.profiling.readers.profile import (
    HEAVIEST,
    SAMPLES,
    Problems,
    Profile,
    Stacks,
    bounded,
    check_count,
    check_names,
    is_weight,
    unknown,
)

PATIENCE = 1_000
"""After so many lines without a single stack a file is something else."""

TAIL = 5
"""Frames at a stack's leaf, in which stacks differ. What lies above they share, so it is looked up as a whole."""

STRIDE = 12
"""Frames at the end of such a root that are looked up one by one, where it is new; what lies above as a whole."""

MOST_REMEMBERED = 64 * 2**20
"""Bytes of the text of roots."""

_PIECES = methodcaller("rsplit", b";", TAIL)
_WORDS = methodcaller("rsplit", None, 1)


@dataclass(frozen=True, slots=True)
class Part:
    """What some of a file's lines hold: so many `stacks` of so many `frames` in all; lines that hold none are `lost`.

    `problems` are the first of so many (`problem_count`), with their lines counted from the part's first.
    """

    tree: CallTree
    stacks: int
    frames: int
    lines: int
    lost: int
    problems: Sequence[tuple[int | None, str]]
    problem_count: int

    @property
    def hopeless(self) -> bool:
        """Whether so many lines hold no stack that the file is something else."""
        return self.lost > PATIENCE and not self.stacks


def profile_of(parts: Sequence[Part], path: Path) -> Profile:
    """The profile in a file, of which these are all parts in their order.

    Raises UsageError where there are no stacks, fewer than other lines, or too many.
    """
    stacks = sum(part.stacks for part in parts)
    if sum(part.lost for part in parts) > stacks:
        raise unknown(path)
    problems, lines = Problems(path), 0
    for part in parts:
        found = [(line and line + lines, message) for line, message in part.problems]
        problems.add(found, part.problem_count)
        lines += part.lines
    check_count(sum(part.frames for part in parts), path)
    tree = parts[0].tree if len(parts) == 1 else overlaid([part.tree for part in parts])[0]
    check_names(len(tree.frames), sum(len(frame.function) + len(frame.file) for frame in tree.frames), path)
    counted = float(bounded(tree, path).weight.sum())
    return Profile(tree, SAMPLES, int(counted) if counted.is_integer() else stacks, problems.found())


class CollapsedReading:
    """Takes the lines of a part of a file."""

    def __init__(self, path: Path) -> None:
        self._stacks, self._problems = Stacks(path), Problems(path)
        self._counted = 0.0
        self._lost = self._lines = 0
        self._frames = _Frames(self._stacks)
        self._roots = _Roots(self._frames, self._stacks)

    def take_all(self, batches: Iterable[list[bytes]], *, first: bool = True) -> None:
        """Take all of these lines; of a file's `first` ones only so many as show that it holds no stacks.

        Raises UsageError for too much.
        """
        for batch in batches:
            self.take(batch)
            if first and self._lost > PATIENCE and not len(self._stacks):
                break

    def part(self) -> Part:
        """What the lines so far hold. Raises UsageError for too much."""
        return Part(
            self._stacks.tree() if self._counted else StackCollector().tree(),
            len(self._stacks),
            self._stacks.count,
            self._lines,
            self._lost,
            self._problems.first(),
            self._problems.count,
        )

    def take(self, batch: list[bytes]) -> None:
        """Take some lines.

        A profile may have millions. So those of deep stacks are taken column by column, without a step of Python's for
        each; where one of them is odd, all are taken one by one.
        """
        pieces = list(map(_PIECES, batch))
        deep = [found for found in pieces if len(found) == TAIL + 1]
        taken = bool(deep) and self._take_columns(deep)
        if not taken or len(deep) < len(batch):
            for number, (line, found) in enumerate(zip(batch, pieces, strict=True), self._lines + 1):
                if not taken or len(found) <= TAIL:
                    self._take_line(number, line)
        self._lines += len(batch)

    def _take_columns(self, pieces: list[list[bytes]]) -> bool:
        """Take stacks that are split into their roots and their last frames, all or none."""
        import numpy as np  # noqa: PLC0415

        roots, *columns, last = zip(*pieces, strict=True)
        try:
            leaves, words = zip(*map(_WORDS, last), strict=True)
            weights = np.fromiter(map(float, words), np.float64, len(words))
        except ValueError:
            return False
        if not ((weights >= 0.0) & (weights <= HEAVIEST)).all():
            return False
        numbers = np.empty((len(pieces), TAIL), np.int32)
        for at, column in enumerate((*columns, leaves)):
            numbers[:, at] = np.fromiter(map(self._frames.__getitem__, column), np.int32, len(column))
        self._stacks.add_below(numbers, weights, list(map(self._roots.__getitem__, roots)))
        self._counted += float(weights.sum())
        return True

    def _take_line(self, number: int, line: bytes) -> None:
        """Take one line, whatever it is."""
        words = line.rsplit(None, 1)
        if not words:
            return
        try:
            stack, word = words
            weight = float(word)
        except ValueError:
            self._lost += 1
            what = "holds no stack with a weight" if line.endswith(b"\n") else "is cut off"
            self._problems.note(number, what)
            return
        if is_weight(weight):
            self._stacks.add([self._frames[name] for name in stack.split(b";")], weight)
            self._counted += weight
        else:
            self._problems.note(number, f"has a weight that no stack can have: {weight:g}")


class _Frames(dict[bytes, int]):
    """Numbers of frames by their text; a frame is parsed when it is first seen."""

    def __init__(self, stacks: Stacks) -> None:
        super().__init__()
        self._stacks = stacks

    def __missing__(self, text: bytes) -> int:
        number = self[text] = self._stacks.number(frame_of(text.decode(errors="replace")))
        return number


class _Roots(dict[bytes, int]):
    """Numbers of roots by their text."""

    def __init__(self, frames: _Frames, stacks: Stacks) -> None:
        super().__init__()
        self._frames, self._stacks = frames, stacks
        self._bytes = 0
        self._above: dict[bytes, array[int]] = {}
        """The frames of the roots of roots."""
        self._bytes_above = 0

    def __missing__(self, text: bytes) -> int:
        self._bytes += len(text)
        if self._bytes > MOST_REMEMBERED:
            self.clear()
            self._bytes = len(text)
        above, *names = text.rsplit(b";", STRIDE)
        numbers = self._frames_of(above) + array("i", [self._frames[name] for name in names])
        number = self[text] = self._stacks.root(numbers)
        return number

    def _frames_of(self, text: bytes) -> array[int]:
        found = self._above.get(text)
        if found is None:
            self._bytes_above += len(text)
            if self._bytes_above > MOST_REMEMBERED:
                self._above.clear()
                self._bytes_above = len(text)
            found = self._above[text] = array("i", [self._frames[name] for name in text.split(b";")])
        return found
