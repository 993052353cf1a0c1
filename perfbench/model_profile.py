"""The nouns of profiles (docs/glossary.md): where the time or the memory of a benchmark goes, and what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from perfbench.model import Environment

ROOT = -1
"""The frame of a call tree's root, which is no function, and the root's parent."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One function, or one line of one, as a profile names it.

    `file` is the module's path below its root (`json/encoder.py`), empty where none is known; `line` is 0 where a
    frame stands for the whole function. `own` says that it belongs to the project that is profiled.
    """

    function: str
    file: str = ""
    line: int = 0
    own: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.function} ({place})" if place else self.function


@dataclass(frozen=True, slots=True)
class FunctionShare:
    """What one frame takes: `inclusive` with all that it calls, `own` in its own body, in the profile's unit."""

    frame: Frame
    inclusive: float
    own: float


@dataclass(frozen=True, slots=True)
class FlameGraph:
    """A call tree, ready to be drawn.

    Nodes stand parents first; node 0 is the root, whose `parent` and `frame` are ROOT. `frame` indexes `frames`;
    `total` is a node's weight with all below it, in `unit` (seconds, bytes, samples, allocations; a base unit).
    `left_out` is how many nodes were too small to be drawn; their weight is still their parents'. `notes` are
    sentences for below the title. `functions` are the frames that take most, the largest first.
    """

    title: str
    unit: str
    frames: Sequence[Frame]
    parent: Sequence[int]
    frame: Sequence[int]
    total: Sequence[float]
    left_out: int = 0
    notes: Sequence[str] = ()
    functions: Sequence[FunctionShare] = ()


@dataclass(frozen=True, slots=True)
class MovedFrame:
    """How far one frame moved from base to head, in the unit of the differential flame graph.

    `base` and `head` are with all that the frame calls; `base_own` and `head_own` in its own body.
    """

    frame: Frame
    base: float
    head: float
    base_own: float
    head_own: float


@dataclass(frozen=True, slots=True)
class DifferentialGraph:
    """Two call trees laid over one another, ready to be drawn in both directions.

    Nodes as in FlameGraph, with the weight on either side; a node that is 0 on one side is new or has vanished.
    `normalised` says in words what both sides were divided by. `moved` are the frames that moved most.
    """

    title: str
    unit: str
    base_title: str
    head_title: str
    frames: Sequence[Frame]
    parent: Sequence[int]
    frame: Sequence[int]
    base: Sequence[float]
    head: Sequence[float]
    normalised: str
    moved: Sequence[MovedFrame] = ()
    left_out: int = 0
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Overhead:
    """How much slower the benchmark ran under the profiler: the median of neighbouring slices with and without.

    `ratio` is profiled/plain; [`low`, `high`] holds it at 95 %; NaN where there were too few slices.
    """

    ratio: float
    low: float
    high: float
    slices: int


@dataclass(frozen=True, slots=True)
class ProfileManifest:
    """What one profile is of and how it was taken: `manifest.json` beside it.

    `samples` is how many stacks (or allocations, or calls) it rests on; `seconds` is how long the benchmark ran under
    it and `calls` how often. `started` is in seconds since the epoch. `files` maps what lies beside the manifest
    (flame graph, raw, speedscope, summary) to file names. `side` is base or head where two were profiled together.
    """

    benchmark: str
    tool: str
    mode: str
    tool_version: str
    revision: str
    commit: str
    dirty: bool
    environment: Environment
    unit: str
    samples: int
    seconds: float
    calls: int
    started: float
    overhead: Overhead | None = None
    side: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
