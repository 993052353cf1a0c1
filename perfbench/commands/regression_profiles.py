"""Profiling what has regressed, on base and head in turn, so that the report can say where it comes from."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from perfbench.commands.explaining import write_explanation
from perfbench.commands.machine import python_of
from perfbench.commands.profile_folder import PROFILES, store_profile
from perfbench.commands.profile_listing import write_index
from perfbench.commands.profiled import Profiling
from perfbench.commands.setting import Setting
from perfbench.continuous_integration import detected
from perfbench.errors import PerfbenchError
from perfbench.measure.discovery import Row
from perfbench.measure.scratch import ScratchFolder
from perfbench.measure.side import Side
from perfbench.model import Explanation, Outcome, Verdict
from perfbench.profiling.recorder import Recorder
from perfbench.profiling.tools import Wanted, chosen_mode, recorder
from perfbench.reports.progress import Progress
from perfbench.units import BYTES, SECONDS

BUDGET = 60.0
"""Seconds for the profiles of all regressions of a check."""
LONGEST, SHORTEST = 5.0, 1.5
"""Seconds that each side of one row is watched: more than 1,000 samples, or 400 where there are many rows."""
RATE = 250
"""Samples a second. What they cost more than usual, both sides pay alike."""
STARTING = 4.0
"""Seconds that starting two workers and writing the pages takes."""
TOOLS: Mapping[str, str] = {SECONDS: "py-spy", BYTES: "memray", "allocations": "memray"}
"""Unit of a row's metric → the profiler that sees it."""
ALLOCATED = "total"
"""memray's mode for what a row has allocated; for what it held at most it is the peak."""


def wants_profiles(setting: Setting, environment: Mapping[str, str]) -> bool:
    """Whether regressions are to be profiled: as asked, else in CI. One side alone, or none of asv's, cannot be."""
    if len(setting.sides) < 2 or not setting.rows:
        return False
    asked = setting.request.profile
    return detected(environment) is not None if asked is None else asked


def explanations(
    setting: Setting, verdicts: Sequence[Verdict], progress: Progress
) -> tuple[Explanation, ...]:
    """An explanation for each row that has regressed, or the reason why it was not profiled."""
    rows = {row.benchmark: row for row in setting.rows}
    regressed = list(
        dict.fromkeys(
            verdict.benchmark
            for verdict in verdicts
            if verdict.outcome is Outcome.REGRESSED and verdict.benchmark in rows
        )
    )
    pythons = {side.label: python_of(side.python) for side in setting.sides if regressed}
    deadline = time.monotonic() + (setting.request.profile_budget or BUDGET)
    found = []
    for number, benchmark in enumerate(regressed):
        row = rows[benchmark]
        left = (deadline - time.monotonic()) / (len(regressed) - number)
        if row.metric.unit not in TOOLS:
            reason = f"no profiler sees {row.metric.unit}"
        elif deadline - time.monotonic() < STARTING + 2 * SHORTEST:
            reason = "it was not profiled, the time for profiles was over (--profile-budget)"
        else:
            progress.note(f"profiling {benchmark} on base and head")
            seconds = max(SHORTEST, min(LONGEST, (left - STARTING) / 2))
            found.append(_explained(setting, row, seconds, pythons))
            continue
        found.append(Explanation(benchmark, TOOLS.get(row.metric.unit, "none"), reason=reason))
    if found:
        write_index(setting.workspace.root / PROFILES)
    return tuple(found)


def _explained(setting: Setting, row: Row, seconds: float, pythons: Mapping[str, str]) -> Explanation:
    tool = TOOLS[row.metric.unit]

    def make(side: Side) -> Recorder:
        allocated = tool == "memray" and "peak" not in row.metric.name
        mode = ALLOCATED if allocated else chosen_mode(tool, None)
        exactly = tool == "memray"  # else whoever makes Python ask for another arena is blamed for all of it
        return recorder(Wanted(tool, mode, rate=RATE, python_allocators=exactly, python=pythons[side.label]))

    try:
        with ScratchFolder() as scratch:
            profiled = Profiling(
                row=row,
                sides=setting.sides,
                benchmark_dir=setting.benchmark_dir,
                folder=scratch.path / "raw",
                make=make,
                seconds=seconds,
                plain=False,
            ).run()
            root = setting.workspace.root
            stored = [store_profile(root, row.benchmark, one, pythons[one.side.label]) for one in profiled]
            return write_explanation(root, row.benchmark, profiled, [manifest for manifest, _ in stored])
    except PerfbenchError as error:
        return Explanation(row.benchmark, tool, reason=str(error))
    except OSError as error:
        return Explanation(row.benchmark, tool, reason=f"it could not be written: {error.strerror or error}")
