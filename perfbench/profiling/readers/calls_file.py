"""Calls as cProfile counts them, made into a call tree.

The format is said in `perfbench/profiling/in_process/cprofile.py`, which writes it. cProfile knows who called whom, not
from where that one was called in turn. So the tree is an approximation, gprof's (Graham, Kessler, McKusick: gprof, a
call graph execution profiler, 1982): what a function takes with all that it calls is shared among its callers in
proportion to the seconds that it took for each, whatever they were called by. Own times are exact for each function, up
to what is too small to be followed. Where functions call each other in a circle, the call that closes it is left out,
and what it takes is its callee's in the place where that was first called.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import CallTree
from perfbench.profiling.readers.frame_text import shortened
from perfbench.profiling.readers.json_file import JsonReader, Parts
from perfbench.profiling.readers.node_collector import NodeCollector
from perfbench.profiling.readers.profile import (
    MOST_DIFFERENT,
    SECONDS,
    Problems,
    Profile,
    Stacks,
    is_weight,
    no_samples,
    too_large,
)

VERSION = 1

SMALLEST = 1e-4
"""Share of all: a node that takes less keeps what it calls."""

MOST_NODES = 200_000

_KEY = "perfbench_calls"


def is_calls(parts: Parts) -> bool:
    """Whether an object has what the recorder's has."""
    return _KEY in parts


def read_calls(parts: Parts, path: Path) -> Profile:
    """The profile in it, in seconds.

    Raises UsageError for what is of another form or version, too large, or without any call.
    """
    reader, problems = JsonReader(path, "recording of calls"), Problems(path)
    if reader.read(parts[_KEY], int, "version") != VERSION:
        raise reader.wrong("it is of another version")
    if "functions" not in parts or "calls" not in parts:
        raise reader.wrong("it holds no functions or no calls")
    rows = reader.read(parts["functions"], list[tuple[str, str, int, int, float, float]], "functions")
    if len(rows) > MOST_DIFFERENT:
        raise too_large(path, "names too many functions")
    graph = _Graph([_Function(count, own, whole) for *_, count, own, whole in _sound(rows, problems)])
    for row in reader.read(parts["calls"], list[tuple[int, int, int, float, float]], "calls"):
        caller, callee, count, _, whole = row
        if 0 <= caller < len(rows) and 0 <= callee < len(rows) and count >= 0 and is_weight(whole):
            graph.add(_Call(caller, callee, count, whole))
        else:
            problems.note(None, f"has a call that cannot be: {list(row)}")
    stacks = Stacks(path)
    numbers = [stacks.number(_frame(*row[:3])) for row in rows]
    tree = graph.tree(numbers, stacks.frames)
    if not tree.weight.any():
        raise no_samples(path)
    return Profile(tree, SECONDS, sum(function.count for function in graph.functions), problems.found())


def _sound(rows: Sequence[tuple[Any, ...]], problems: Problems) -> list[tuple[Any, ...]]:
    """The functions; those that cannot be took no time."""
    found = []
    for row in rows:
        name, file, line, count, own, whole = row
        if is_weight(own) and is_weight(whole) and count >= 0:
            found.append(row)
        else:
            problems.note(None, f"has a function that cannot be: {list(row)}"[:200])
            found.append((name, file, line, 0, 0.0, 0.0))
    return found


def _frame(name: str, file: str, line: int) -> Frame:
    return Frame(shortened(name), shortened(file), line if 0 <= line < 10**9 else 0)


@dataclass(slots=True)
class _Call:
    """What a caller had of a callee: so many calls, and seconds with all below. `closes` a circle, or does not."""

    caller: int
    callee: int
    count: int
    seconds: float
    closes: bool = False


@dataclass(slots=True)
class _Function:
    """A function of the graph; its callers and callees are pairs of it and others.

    `inclusive` seconds are its own and what its callees hand to it, `shares`; `outside` is how often nobody that is
    known called it, and `from_outside` the part of its inclusive seconds that it took in those calls.
    """

    count: int
    own: float
    seconds: float
    callers: list[_Call] = field(default_factory=list)
    callees: list[_Call] = field(default_factory=list)
    outside: int = 0
    inclusive: float = 0.0
    from_outside: float = 0.0
    shares: list[tuple[int, float]] = field(default_factory=list)


class _Graph:
    """Functions and who called them."""

    def __init__(self, functions: list[_Function]) -> None:
        self.functions = functions

    def add(self, call: _Call) -> None:
        """Take one pair of caller and callee."""
        self.functions[call.callee].callers.append(call)
        self.functions[call.caller].callees.append(call)

    def tree(self, numbers: Sequence[int], frames: Sequence[Frame]) -> CallTree:
        """The tree; the largest nodes are followed first. `numbers` are the functions' frames."""
        self._share(self._callees_first())
        nodes = NodeCollector()
        smallest = SMALLEST * sum(function.own for function in self.functions)
        waiting: list[tuple[float, int, int]] = []
        for at, function in enumerate(self.functions):
            if function.from_outside > 0:
                heapq.heappush(waiting, (-function.from_outside, nodes.child(0, numbers[at]), at))
        while waiting:
            taken, node, at = heapq.heappop(waiting)
            function, taken = self.functions[at], -taken
            if taken < smallest or len(nodes) + len(function.shares) > MOST_NODES:
                nodes.weights[node] += taken
                continue
            part = taken / function.inclusive
            nodes.weights[node] += part * function.own
            for callee, share in function.shares:
                heapq.heappush(waiting, (-part * share, nodes.child(node, numbers[callee]), callee))
        return nodes.tree(frames)

    def _callees_first(self) -> list[int]:
        """The functions in an order in which callees stand before their callers; calls that defy it close circles."""
        functions = self.functions
        for function in functions:
            function.outside = function.count - sum(call.count for call in function.callers)
            function.callees.sort(key=lambda call: -call.seconds)
        begins = sorted(
            range(len(functions)), key=lambda at: (functions[at].outside <= 0, -functions[at].seconds)
        )
        new, open_, done = 0, 1, 2
        state = bytearray(len(functions))
        order: list[int] = []
        for begin in begins:
            path = [(begin, iter(functions[begin].callees))] if state[begin] == new else []
            state[begin] = state[begin] or open_
            while path:
                at, calls = path[-1]
                for call in calls:
                    if state[call.callee] == open_:
                        call.closes = True
                    elif state[call.callee] == new:
                        state[call.callee] = open_
                        path.append((call.callee, iter(functions[call.callee].callees)))
                        break
                else:
                    path.pop()
                    state[at] = done
                    order.append(at)
        return order

    def _share(self, order: Sequence[int]) -> None:
        """Divide what each function takes among its callers."""
        for at in order:
            function = self.functions[at]
            function.inclusive = function.own + sum(share for _, share in function.shares)
            callers = [call for call in function.callers if not call.closes]
            parts, outside = _parts(function, callers)
            whole = sum(parts) + outside
            function.from_outside = function.inclusive * outside / whole if whole else function.inclusive
            for call, part in zip(callers, parts, strict=True):
                if part:
                    self.functions[call.caller].shares.append((at, function.inclusive * part / whole))


def _parts(function: _Function, callers: Sequence[_Call]) -> tuple[list[float], float]:
    """In what proportion the callers share a function, and what is nobody's: by seconds, or by calls without any."""
    seconds = [call.seconds for call in callers]
    outside = max(function.seconds - sum(seconds), 0.0) if function.outside > 0 or not callers else 0.0
    if sum(seconds) + outside > 0.0:
        return seconds, outside
    return [float(call.count) for call in callers], float(max(function.outside, 0))
