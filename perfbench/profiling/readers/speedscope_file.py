"""Files of speedscope, sampled and evented.

The format: https://github.com/jlfwong/speedscope/blob/main/src/lib/file-format-spec.ts. Sampled profiles hold stacks,
the root first, and a weight for each; evented ones when each frame was opened and closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import CallTree, overlaid
from perfbench.profiling.readers.frame_text import frame_of, shortened
from perfbench.profiling.readers.json_file import (
    FLAT_LISTS,
    FLAT_OBJECTS,
    MOST_BYTES,
    JsonReader,
    Parts,
)
from perfbench.profiling.readers.node_collector import NodeCollector
from perfbench.profiling.readers.profile import (
    BYTES,
    MOST_DIFFERENT,
    SAMPLES,
    SECONDS,
    Problems,
    Profile,
    Stacks,
    is_weight,
    no_samples,
    too_large,
)

UNITS: Mapping[str, tuple[str, float]] = {
    "none": (SAMPLES, 1.0),
    "nanoseconds": (SECONDS, 1e-9),
    "microseconds": (SECONDS, 1e-6),
    "milliseconds": (SECONDS, 1e-3),
    "seconds": (SECONDS, 1.0),
    "bytes": (BYTES, 1.0),
}
"""Unit of speedscope → ours, and what a weight is multiplied by."""

MOST_NODES = 5_000_000
MOST_PROFILES = 10_000

_NULL = msgspec.Raw(b"null")
_NOTHING = msgspec.Raw(b"[]")


class _Frame(msgspec.Struct, gc=False):
    name: str
    file: str | None = None
    line: float | None = None


class _Shared(msgspec.Struct):
    frames: msgspec.Raw


class _Profile(msgspec.Struct):
    type: str
    unit: str = "none"
    samples: msgspec.Raw = _NOTHING
    weights: msgspec.Raw = _NOTHING
    events: msgspec.Raw = _NOTHING
    start: float = msgspec.field(name="startValue", default=0.0)
    end: float = msgspec.field(name="endValue", default=0.0)


class _Event(msgspec.Struct, gc=False):
    type: str
    at: float
    frame: int


def is_speedscope(parts: Parts) -> bool:
    """Whether an object has what speedscope's has."""
    return "shared" in parts and "profiles" in parts


def read_speedscope(parts: Parts, path: Path) -> Profile:
    """The profile in it: all of its threads together.

    Files may hold profiles of different units (memray's bytes and allocations); those of the active one's unit count.
    Raises UsageError for what is of another form, too large, or without any sample.
    """
    reader = JsonReader(path, "file of speedscope")
    problems = Problems(path)
    frames = _frames(reader, parts)
    profiles = reader.read(parts["profiles"], list[_Profile], "profiles", most=MOST_BYTES)
    if not profiles:
        raise no_samples(path)
    if len(profiles) > MOST_PROFILES:
        raise too_large(path, "has too many threads")
    active = reader.read(parts.get("activeProfileIndex", _NULL), object, "activeProfileIndex")
    unit = profiles[active if isinstance(active, int) and 0 <= active < len(profiles) else 0].unit
    if unit not in UNITS:
        raise reader.wrong(f"there is no unit {unit!r}")
    ours, factor = UNITS[unit]
    reading = _Reading(reader, path, problems, frames)
    for number, profile in enumerate(profiles):
        if profile.unit != unit:
            problems.note(None, f"profile {number} counts {profile.unit}, not {unit}: left out")
        elif profile.type == "sampled":
            reading.take_samples(profile)
        elif profile.type == "evented":
            reading.take_events(profile)
        else:
            problems.note(None, f"profile {number} is {profile.type!r}, which is unknown: left out")
    return Profile(reading.tree().scaled(factor), ours, reading.samples, problems.found())


def _frames(reader: JsonReader, parts: Parts) -> tuple[Frame, ...]:
    shared = reader.read(parts["shared"], _Shared, "shared")
    return tuple(
        frame_of(one.name)
        if one.file is None
        else Frame(shortened(one.name), shortened(one.file), _line(one.line))
        for one in reader.read(shared.frames, list[_Frame], "functions", most=4 * MOST_DIFFERENT)
    )


def _line(line: float | None) -> int:
    return int(line) if line is not None and 0 <= line < 1e9 else 0


class _Reading:
    """The stacks of the profiles so far: whole ones, and nodes of what was opened and closed."""

    def __init__(self, reader: JsonReader, path: Path, problems: Problems, frames: tuple[Frame, ...]) -> None:
        self._reader, self._path, self._problems = reader, path, problems
        self._stacks = Stacks(path)
        self._numbers = [self._stacks.number(frame) for frame in frames]
        self._nodes = NodeCollector()
        self.samples = 0

    def tree(self) -> CallTree:
        """All of it. Raises UsageError where it weighs nothing."""
        trees = [self._nodes.tree(self._stacks.frames)] if len(self._nodes) > 1 else []
        if len(self._stacks) or not trees:
            trees.append(self._stacks.tree())
        whole = trees[0] if len(trees) == 1 else overlaid(trees)[0]
        if not whole.weight.any():
            raise no_samples(self._path)
        return whole

    def take_samples(self, profile: _Profile) -> None:
        """Take a sampled profile. What has no stack is no function's, and goes."""
        weights = self._reader.read(profile.weights, list[float], "weights")
        numbers, known = self._numbers, range(len(self._numbers))
        samples = self._reader.each(profile.samples, FLAT_LISTS, list[int], "sample")
        count = 0
        for count, (weight, stack) in enumerate(zip(weights, samples, strict=False), 1):
            if not is_weight(weight):
                self._problems.note(None, f"sample {count} has a weight that none can have: {weight:g}")
            elif not all(frame in known for frame in stack):
                self._problems.note(None, f"sample {count} has a frame that is not there")
            elif stack:
                self._stacks.add([numbers[frame] for frame in stack], weight)
                self.samples += 1
        if count < len(weights) or next(samples, None) is not None:
            self._problems.note(None, "a profile has not as many weights as samples: the rest is left out")

    def take_events(self, profile: _Profile) -> None:
        """Take an evented profile: what passes between two events is the innermost open frame's."""
        nodes = self._nodes
        opened = [(0, -1)]
        last = profile.start
        events = self._reader.each(profile.events, FLAT_OBJECTS, _Event, "event")
        for position, event in enumerate(events, 1):
            node, frame = opened[-1]
            if not is_weight(event.at - last):
                self._problems.note(None, f"event {position} stands before the one above it: left out")
                continue
            if event.type == "O" and 0 <= event.frame < len(self._numbers):
                if len(nodes) > MOST_NODES:
                    raise too_large(self._path, f"has more than {MOST_NODES:,} different stacks")
                opened.append((nodes.child(node, self._numbers[event.frame]), event.frame))
            elif event.type == "C" and event.frame == frame and node:
                opened.pop()
            else:
                self._problems.note(None, f"event {position} fits no open frame: left out")
                continue
            self._weigh(node, event.at - last)
            last = event.at
        self._weigh(opened[-1][0], profile.end - last)

    def _weigh(self, node: int, weight: float) -> None:
        """Between events without an open frame nothing is measured."""
        if node and is_weight(weight):
            self._nodes.weights[node] += weight
            self.samples += 1
