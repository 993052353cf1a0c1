"""From the profiles of two sides to an explanation, and the differential flame graph that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perfbench.commands.profile_folder import (
    DIFFERENTIAL,
    differential_of,
    made_whole,
    profile_folder,
    write_differential,
)
from perfbench.commands.profiled import Profiled
from perfbench.commands.shown_path import shown_path
from perfbench.model import BenchmarkId, Explanation
from perfbench.model_profile import ProfileManifest
from perfbench.profiling.explanation import explain
from perfbench.reports.explanation import sentence


def write_explanation(
    root: Path, benchmark: BenchmarkId, profiled: Sequence[Profiled], manifests: Sequence[ProfileManifest]
) -> Explanation:
    """Which frames head's surplus over base comes from, or why the profiles do not say so; its page is written."""
    base, head = profiled
    tool = head.recorder.tool
    place = profile_folder(root, benchmark, f"{base.side.revision}..{head.side.revision}", tool)
    found = explain(base.for_explanation(), head.for_explanation())
    told = Explanation(benchmark, tool, found.frames, found.reason, shown_path(place / DIFFERENTIAL))
    graph = differential_of(base, head, str(benchmark), (sentence(told),))
    with made_whole(place) as making:
        write_differential(making, graph, *manifests)
    return told
