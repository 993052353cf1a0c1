"""From the profiles of two sides to an explanation."""

from __future__ import annotations

from perfbench.commands.profiled import Profiled
from perfbench.model import BenchmarkId, Explanation
from perfbench.profiling.explanation import explain


def explanation_of(benchmark: BenchmarkId, base: Profiled, head: Profiled, page: str = "") -> Explanation:
    """Which frames head's surplus over base comes from; without frames, why the profile does not say so."""
    found = explain(base.for_explanation(), head.for_explanation())
    return Explanation(benchmark, head.recorder.tool, found.frames, found.reason, page)
