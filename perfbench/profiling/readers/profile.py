"""What every reader of a profile file gives, and the bounds that hold for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.errors import UsageError
from perfbench.model import Problem
from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import CallTree
from perfbench.profiling.rooted_stacks import NO_ROOT, RootedStacks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from perfbench.profiling.call_tree import Floats

SAMPLES, SECONDS, BYTES = "samples", "seconds", "bytes"

MOST_FRAMES = 50_000_000
"""Frames of all stacks together; those that many share count once. Each takes 4 bytes."""

MOST_NODES = 20_000_000
"""Of a tree. To be drawn takes some 150 bytes for each."""

MOST_DIFFERENT = 1_000_000
"""Different frames."""

LONGEST_NAMES = 512 * 2**20
"""Bytes of the names of all different frames together."""

HEAVIEST = 1e18
"""No sample weighs more (an exabyte, or an age in nanoseconds): so sums stay finite and exact enough."""

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile that was read.

    `unit` is that of the tree's weights (seconds, bytes, samples); `samples` is how many samples, allocations or
    calls it rests on; `problems` are what could not be used.
    """

    tree: CallTree
    unit: str
    samples: int
    problems: tuple[Problem, ...]


class Problems:
    """What of one file could not be used: the first ones in full, and how many more there were."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._first: list[Problem] = []
        self.count = 0

    def note(self, line: int | None, message: str) -> None:
        """Keep one; lines count from 1."""
        self.count += 1
        if self.count <= MOST_PROBLEMS:
            self._first.append(Problem(self._path, line, message))

    def first(self) -> list[tuple[int | None, str]]:
        """Those that are kept: their lines and what was wrong."""
        return [(problem.line, problem.message) for problem in self._first]

    def add(self, others: Sequence[tuple[int | None, str]], count: int) -> None:
        """Take those of another part, of which there were `count`."""
        for line, message in others:
            self.note(line, message)
        self.count += count - len(others)

    def found(self) -> tuple[Problem, ...]:
        """All that is kept."""
        more = self.count - len(self._first)
        if not more:
            return tuple(self._first)
        return (*self._first, Problem(self._path, None, f"{more} more problems like these"))


class Stacks(RootedStacks):
    """Collects the stacks of one file, no more than memory has room for.

    All of its methods raise UsageError where the file holds too much.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._names = 0
        self.count = 0
        """Frames so far, in all stacks."""

    def number(self, frame: Frame) -> int:
        """The number of a frame."""
        self._names += len(frame.function) + len(frame.file)
        check_names(len(self.frames) + 1, self._names, self._path)
        return super().number(frame)

    def root(self, numbers: Sequence[int]) -> int:
        """The number of a root."""
        self._charge(len(numbers))
        return super().root(numbers)

    def add(self, numbers: Sequence[int], weight: float, root: int = NO_ROOT) -> None:
        """Take one stack, from where it leaves its root on."""
        self._charge(len(numbers))
        super().add(numbers, weight, root)

    def add_below(self, numbers: NDArray[np.int32], weights: Floats, roots: Sequence[int]) -> None:
        """Take a stack for each row, below its root."""
        self._charge(numbers.size)
        super().add_below(numbers, weights, roots)

    def tree(self) -> CallTree:
        """The tree of all stacks. Raises UsageError where they weigh nothing."""
        return bounded(super().tree(), self._path)

    def _charge(self, frames: int) -> None:
        self.count += frames
        check_count(self.count, self._path)


def bounded(tree: CallTree, path: Path) -> CallTree:
    """The tree, where it can be drawn. Raises UsageError where it has too many nodes or weighs nothing."""
    if len(tree.parent) > MOST_NODES:
        raise too_large(path, f"has a call tree of more than {MOST_NODES:,} nodes")
    if not tree.weight.any():
        raise no_samples(path)
    return tree


def check_count(frames: int, path: Path) -> None:
    """Raise UsageError where all stacks together have too many frames."""
    if frames > MOST_FRAMES:
        raise too_large(path, f"has more than {MOST_FRAMES:,} frames in its stacks")


def check_names(different: int, length: int, path: Path) -> None:
    """Raise UsageError for too many different frames, or for names that are too long together."""
    if different > MOST_DIFFERENT or length > LONGEST_NAMES:
        raise too_large(path, "names too many functions")


def is_weight(value: float) -> bool:
    """Whether a sample can weigh that much: neither below 0, nor infinite, nor no number."""
    return 0.0 <= value <= HEAVIEST


def too_large(path: Path, how: str) -> UsageError:
    """The file goes beyond a bound."""
    return UsageError(f"{path} {how}", "profile for a shorter time, or take fewer samples a second")


def no_samples(path: Path) -> UsageError:
    """The file is a profile in which nothing happens."""
    return UsageError(f"{path} holds no samples", "profile for longer, or something that works more")


def cut_off(path: Path) -> UsageError:
    """The end of the file is missing."""
    return UsageError(f"{path} is cut off before its end", "copy or record it again")


def unknown(path: Path, why: str = "is no profile that perfbench knows", remedy: str = "") -> UsageError:
    """The file is something else."""
    kinds = "collapsed stacks (py-spy record -f raw), perf script, a memray capture or speedscope's JSON"
    return UsageError(f"{path} {why}", remedy or f"give {kinds}")
