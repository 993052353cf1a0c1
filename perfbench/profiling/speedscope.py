"""Writes call trees as speedscope reads them: https://www.speedscope.app.

The format: https://github.com/jlfwong/speedscope/blob/main/src/lib/file-format-spec.ts.
"""

from __future__ import annotations

from typing import Any

from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import CallTree
from perfbench.profiling.stack_order import stacks_of

SCHEMA = "https://www.speedscope.app/file-format-schema.json"

UNITS = ("bytes", "seconds")
"""Those of ours that speedscope has; the others are numbers to it."""


def speedscope(tree: CallTree, *, name: str, unit: str) -> dict[str, Any]:
    """The object of a file with one sampled profile: each stack once, with its weight.

    Stacks stand next to those that they share most with, so that speedscope's order of time shows a flame graph.
    """
    samples: list[list[int]] = []
    weights: list[float] = []
    for stack, weight in stacks_of(tree):
        samples.append(stack.copy())
        weights.append(weight)
    profile = {
        "type": "sampled",
        "name": name,
        "unit": unit if unit in UNITS else "none",
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }
    return {
        "$schema": SCHEMA,
        "exporter": "perfbench",
        "name": name,
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(frame) for frame in tree.frames]},
        "profiles": [profile],
    }


def _frame(frame: Frame) -> dict[str, Any]:
    place = {"line": frame.line} if frame.line else {}
    return {"name": frame.function, "file": frame.file, **place}
