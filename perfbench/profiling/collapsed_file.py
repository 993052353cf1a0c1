"""Writes call trees as collapsed stacks, which most tools for flame graphs read."""

from __future__ import annotations

from pathlib import Path

from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import CallTree
from perfbench.profiling.stack_order import stacks_of


def write_collapsed(tree: CallTree, path: Path) -> None:
    """Write `path`: a line for each stack, `name (file:line);name (file:line) WEIGHT`, from the root on."""
    names = [_inline(frame) for frame in tree.frames]
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        for stack, weight in stacks_of(tree):
            shown = int(weight) if weight.is_integer() else weight
            file.write(f"{';'.join(names[frame] for frame in stack)} {shown}\n")


def _inline(frame: Frame) -> str:
    """The frame without what separates frames and lines."""
    return " ".join(str(frame).replace(";", ":").split()) or "?"
