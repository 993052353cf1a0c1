"""Real profiles of this repository's benchmarks, as `perfbench profile` has written them, and their pages.

`load` is `settings.Load.time_load(yaml)`; `base` and `head` are `session.Write.time_write(json)`, head with
indented JSON.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from perfbench.model_profile import Frame, ProfileManifest
from perfbench.profiling.call_tree import CallTree, renamed
from perfbench.profiling.drawing import differential_graph, flame_graph
from perfbench.profiling.manifest import read_manifest
from perfbench.profiling.readers import read_profile
from perfbench.reports.flame_graph import differential_page, flame_page

FOLDER = Path(__file__).with_name("profiled")


def flame() -> str:
    """The page of one profile."""
    tree, manifest = _profile("load")
    return flame_page(flame_graph(tree, title=manifest.benchmark, unit=manifest.unit), manifest)


def differential() -> str:
    """The page of two."""
    (base, before), (head, after) = _profile("base"), _profile("head")
    graph = differential_graph(
        base.scaled(1 / before.calls),
        head.scaled(1 / after.calls),
        title=after.benchmark,
        unit=after.unit,
        base_title=before.revision,
        head_title=after.revision,
        normalised="each side divided by its number of calls",
    )
    return differential_page(graph, before, after)


def _profile(name: str) -> tuple[CallTree, ProfileManifest]:
    tree = read_profile(FOLDER / name / "speedscope.json").tree
    return renamed(tree, _owned), read_manifest(FOLDER / name)


def _owned(frame: Frame) -> Frame:
    """speedscope's format has no place for whose code a frame is."""
    return replace(frame, own=frame.file.startswith(("perfbench/", "benchmarks/")))
