"""A call tree as the data of a page: columns of numbers, each text once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from perfbench.model_profile import ROOT, Frame
from perfbench.reports.flame_graph.frame_kinds import frame_kind
from perfbench.reports.names import plain
from perfbench.reports.site.script_data import numbered

ROUNDING_NOISE = 1e-9
"""An own weight below this share of the node's total is what is left of sums in floating point: it is none."""

LARGEST_WHOLE = 1e15
"""Up to here a whole number is written without its `.0`; a double tells all of them apart."""

NAMELESS = "?"
"""What a function is called that has no name: native code without symbols."""


class FrameTable:
    """Gives frames their numbers, those of the graph first, and turns them into columns."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = list(frames)
        self._numbers = {frame: number for number, frame in enumerate(self._frames)}

    def number(self, frame: Frame) -> int:
        """The number of a frame; one that the graph does not have is added."""
        found = self._numbers.setdefault(frame, len(self._frames))
        if found == len(self._frames):
            self._frames.append(frame)
        return found

    def columns(self) -> dict[str, Any]:
        """`functions` and `files` hold each text once; `function` and `file` are numbers in them, one a frame."""
        function_texts = [plain(frame.function) or NAMELESS for frame in self._frames]
        file_texts = [plain(frame.file) for frame in self._frames]
        functions, function_numbers = numbered(function_texts)
        files, file_numbers = numbered(file_texts)
        return {
            "functions": functions,
            "files": files,
            "function": [function_numbers[text] for text in function_texts],
            "file": [file_numbers[text] for text in file_texts],
            "line": [int(frame.line) for frame in self._frames],
            "kind": [int(frame_kind(frame)) for frame in self._frames],
        }


def tree_columns(
    parent: Sequence[int], frame: Sequence[int], totals: Iterable[Sequence[float]], digits: int
) -> dict[str, Any]:
    """Parents as differences to the node before, frames, and own weights for each side.

    Own weights rather than totals: most are 0, and what the page sums up from rounded ones is never less than its
    parts. They keep so many significant `digits`.
    """
    parents = [int(one) for one in parent]
    return {
        "parent": [here - before for before, here in zip([ROOT, *parents], parents, strict=False)],
        "frame": [int(one) for one in frame],
        "own": [[short(own, digits) for own in own_weights(parents, total)] for total in totals],
    }


def own_weights(parent: Sequence[int], total: Sequence[float]) -> list[float]:
    """What each node's body takes: its total without its children's, and never less than nothing.

    Where nodes were left out of the graph, their weight is in it.
    """
    whole = [float(value) if math.isfinite(value) else 0.0 for value in total]
    own = list(whole)
    for node in range(1, len(own)):
        own[parent[node]] -= whole[node]
    return [
        left if left > ROUNDING_NOISE * all_of_it else 0.0 for left, all_of_it in zip(own, whole, strict=True)
    ]


def short(value: float, digits: int) -> float | int:
    """A finite value with so many significant digits, in as few characters as JSON can write it."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if abs(rounded) < LARGEST_WHOLE and rounded.is_integer() else rounded


def data_block(content: Any) -> str:
    """JSON that may stand in a `<script type="application/json">`: without `<` no text in it can end the element.

    The content may hold no mapping with keys from outside. Numbers that are not finite become null.
    """
    return msgspec.json.encode(content).replace(b"<", b"\\u003c").decode("utf-8")
