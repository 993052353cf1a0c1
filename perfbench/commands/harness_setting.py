"""The part that harnesses have in a job: what they share with its suite, the time above all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from perfbench.commands.harness_job import HarnessJob, Plan
from perfbench.commands.harness_rows import Series
from perfbench.commands.harness_selection import wants
from perfbench.commands.harness_verdicts import Bench
from perfbench.commands.job import Effort, Job
from perfbench.commands.setting import Setting, check_harness_rows
from perfbench.model import Environment
from perfbench.reports.progress import Progress
from perfbench.results.writer import ResultWriter


def harness_job(
    setting: Setting,
    environments: Mapping[str, Environment],
    writer: ResultWriter,
    log: Path,
    progress: Progress,
) -> HarnessJob:
    """The job of the setting's harnesses, which may be none; its samples go where the suite's go."""
    baseline = () if setting.baseline is None else setting.baseline.measurements
    expressions = setting.request.expressions
    stored = {
        (found.benchmark, found.metric): found for found in baseline if wants(expressions, found.benchmark)
    }
    return HarnessJob(
        series=[Series(harness) for harness in setting.harnesses],
        sides=setting.sides,
        bench=Bench(
            environments,
            setting.workspace.thresholds,
            stored,
            setting.baseline.noise if setting.baseline is not None else {},
            setting.baseline.hard if setting.baseline is not None else (),
        ),
        writer=writer,
        log=log,
        progress=progress,
        expressions=expressions,
    )


def measure(setting: Setting, harnesses: HarnessJob, job: Job) -> None:
    """Execute the harnesses, then measure the suite's rows; each harness has as much time as the suite."""
    effort = job.effort
    if setting.harnesses:
        parts = len(setting.harnesses) + bool(setting.rows)
        started = time.monotonic()
        seconds = effort.seconds * len(setting.harnesses) / parts
        harnesses.run(
            Plan(_rounds(setting, effort), seconds, effort.strict),
            lambda rows: check_harness_rows(setting, rows),
        )
        left = effort.seconds - (time.monotonic() - started)
        job.effort = replace(effort, seconds=max(left, effort.seconds / parts))
    if setting.rows:
        job.run()


def _rounds(setting: Setting, effort: Effort) -> Mapping[str, int]:
    """Rounds to begin with, by harness: the command line's, else its own (fewer if quick), else the project's."""
    request = setting.request
    own = {harness.name: harness.rounds or effort.rounds for harness in setting.harnesses}
    if request.rounds:
        return dict.fromkeys(own, request.rounds)
    return {name: min(rounds, effort.rounds) for name, rounds in own.items()} if request.quick else own
