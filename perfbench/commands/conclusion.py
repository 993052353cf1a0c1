"""Measure what was prepared, and conclude: verdicts, exit code, report."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from perfbench.analysis.exits import exit_code
from perfbench.analysis.judge import judge_alone
from perfbench.analysis.tails import quantile_of
from perfbench.commands.acceptance import accepted
from perfbench.commands.checks import ask, judged_rows
from perfbench.commands.effort import effort
from perfbench.commands.harness_job import HarnessJob
from perfbench.commands.harness_setting import harness_job, measure
from perfbench.commands.job import Collected, Effort, Job, interruptible
from perfbench.commands.machine import engine_words, python_of, runtime_statuses, vanished
from perfbench.commands.outputs import Outputs
from perfbench.commands.regression_profiles import explanations, wants_profiles
from perfbench.commands.reporting import Draft, publish
from perfbench.commands.setting import Setting
from perfbench.commands.shown_path import shown_path
from perfbench.commands.sources import sources
from perfbench.continuous_integration import detected
from perfbench.environment import current, differences
from perfbench.errors import ExitCode, MissingComponentError
from perfbench.judged import Results
from perfbench.measure.labels import TWIN
from perfbench.measure.one_round import Ended
from perfbench.model import (
    BenchmarkId,
    Environment,
    Measurement,
    Metric,
    Outcome,
    Report,
    RuntimeStatus,
    SideSummary,
    Verdict,
)
from perfbench.reports.progress import Progress
from perfbench.results import pyperf_export, runs
from perfbench.results.result_file import Header, SideHeader
from perfbench.results.writer import ResultWriter
from perfbench.units import format_percent

DRIFT = 0.25
"""A machine whose speed moves by more than this is worth a word; pairing takes it out of the ratios."""


def conclude(setting: Setting, progress: Progress, outputs: Outputs) -> ExitCode:
    """Measure, judge and report. Ctrl-C ends the measuring; what was measured by then is judged and kept.

    Raises MissingComponentError, after the report, when a runtime stopped working in mid-run.
    """
    started = time.time()
    environments = {side.label: _environment(setting, side.label) for side in setting.sides}
    trying = _effort(setting, progress)
    path = setting.request.result_file or runs.new_run(setting.workspace.root)
    draft = _draft(setting, environments[setting.head.label], path, started)
    with ResultWriter(path, _header(setting, environments, draft)) as writer:
        collected = Collected(writer, environments, setting.head.label, path.with_suffix(".log"))
        job = Job(
            sides=setting.sides,
            rows=setting.rows,
            benchmark_dir=setting.benchmark_dir,
            collected=collected,
            progress=progress,
            effort=trying,
            thresholds=setting.workspace.thresholds,
            baseline=setting.baseline_measurements,
            stored_noise=setting.baseline.noise if setting.baseline is not None else {},
            hard=setting.baseline.hard if setting.baseline is not None else (),
        )
        harnesses = harness_job(setting, environments, writer, collected.log, progress)
        progress.start(len(setting.rows), job.effort.rounds, harnesses=len(setting.harnesses))
        with interruptible() as interrupted:
            measure(setting, harnesses, job)
        progress.finish()
        verdicts, draft.findings = accepted(
            setting, (*_verdicts(setting, job), *harnesses.conclude(job.noise() or 0.0))
        )
        gone = () if interrupted else _gone(setting, verdicts)
        own_rules = () if interrupted else setting.workspace.config.checks
        results = _results(setting, draft, verdicts, job, harnesses)
        answers = ask(own_rules, setting.workspace.root, results)
        draft.findings += answers.findings
        code = exit_code(verdicts, strict=setting.request.strict, findings=draft.findings)
        draft.warnings += tuple(_noted(setting, job, harnesses))
        cut_short: list[bool] = []
        if not interrupted and wants_profiles(setting, os.environ):
            with interruptible() as cut_short:
                draft.explanations = explanations(setting, verdicts, progress)
        if interrupted:
            code = ExitCode.INTERRUPTED
            draft.warnings += ("interrupted; the verdicts rest on the rounds before that",)
        elif cut_short:
            code = ExitCode.INTERRUPTED
            draft.warnings += ("interrupted while regressions were profiled; the verdicts are whole",)
        elif gone or answers.fault:
            code = ExitCode.USAGE
        report = draft.finish(verdicts, exit_code=code, noise_floor=job.noise())
        writer.finish(complete=not interrupted, exit_code=code)
    _write_pyperf(setting, collected, harnesses)
    publish(report, outputs)
    _raise_if_gone(gone, report)
    if answers.fault is not None:
        raise answers.fault
    return code


def _noted(setting: Setting, job: Job, harnesses: HarnessJob) -> Iterator[str]:
    """What was seen while measuring, for the report."""
    if job.collected.log.exists():
        who = "the harnesses" if setting.harnesses else "the failed rows"
        yield f"what {who} said is in {shown_path(job.collected.log)}"
    yield from harnesses.warnings()
    if len(setting.sides) > 1 and (moved := job.drift()) > DRIFT:
        yield f"the machine's own speed moved by {format_percent(moved)} meanwhile (control)"


def _environment(setting: Setting, label: str) -> Environment:
    side = next(side for side in setting.sides if side.label == label)
    return current(
        commit=side.commit,
        dirty=side.dirty,
        dependencies=side.dependencies,
        engine=engine_words(setting.runtimes),
        python=python_of(side.python),
    )


def _draft(setting: Setting, environment: Environment, path: Path, started: float) -> Draft:
    warnings = setting.warnings
    base: SideSummary | None = None
    if setting.baseline is not None:
        stored = setting.baseline.side
        base = SideSummary("baseline", setting.baseline.label, stored.commit, stored.dirty)
        warnings += tuple(differences(stored.environment, environment))
    elif len(setting.sides) > 1:
        side = setting.sides[0]
        base = SideSummary(side.label, side.revision, side.commit, side.dirty)
    head = setting.head
    return Draft(
        title="run" if base is None else "check",
        base=base,
        head=SideSummary(head.label, head.revision, head.commit, head.dirty),
        environment=environment,
        runtimes=setting.runtimes,
        warnings=warnings,
        result_file=shown_path(path),
        started=started,
        rules_folder=setting.workspace.config.baselines,
        sources=_sources(setting),
    )


def _sources(setting: Setting) -> Mapping[str, str]:
    """Where the benchmarks are defined; nothing where they lie outside of the repository."""
    folder, root = setting.workspace.asv.benchmark_dir, setting.workspace.root
    if not folder.is_relative_to(root):
        return {}
    names = dict.fromkeys(row.benchmark.name for row in setting.rows)
    return sources(setting.benchmark_dir, PurePosixPath(folder.relative_to(root).as_posix()), names)


def _header(setting: Setting, environments: Mapping[str, Environment], draft: Draft) -> Header:
    sides = {
        side.label: SideHeader(side.revision, side.commit, side.dirty, environments[side.label])
        for side in setting.sides
    }
    if len(sides) > 1:
        sides[TWIN] = sides[setting.sides[0].label]
    return Header(draft.title, draft.started, sides, noise=draft.warnings)


def _effort(setting: Setting, progress: Progress) -> Effort:
    alone = len(setting.sides) == 1 and setting.baseline is None
    ci = detected(os.environ)
    chosen, note = effort(setting.workspace.config, setting.request, alone=alone, ci=ci)
    if note:
        progress.note(note)
    return chosen


def _verdicts(setting: Setting, job: Job) -> tuple[Verdict, ...]:
    """One verdict for each row, in the order of the rows, and for each that is missing."""
    found = job.verdicts()
    tails = [verdict for verdict in found if verdict.metric and quantile_of(verdict.metric.name)]
    judged = {verdict.benchmark: verdict for verdict in found if verdict not in tails}
    budgets = setting.workspace.thresholds.budgets
    compares = len(setting.sides) > 1 or setting.baseline is not None
    rows = [row for row in job.known_rows if row.recorded_by not in job.collected.outcomes]
    for row in rows:
        head = job.collected.measurement(row, setting.head.label)
        if row.benchmark in judged:
            continue
        if (ended := job.collected.outcomes.get(row.benchmark)) is not None:
            judged[row.benchmark] = _ended(row.benchmark, row.metric, ended)
        elif head is None and row.recorded_by is not None:
            reason = "base records this operation, head does not"
            judged[row.benchmark] = Verdict(row.benchmark, row.metric, Outcome.MISSING, "", reason)
        elif head is None:
            judged[row.benchmark] = Verdict(
                row.benchmark, row.metric, Outcome.INCONCLUSIVE, "", "not reached in the time; run longer"
            )
        else:
            outcome, reason = (Outcome.NEW, "not in the baseline") if compares else (Outcome.PASSED, "")
            (judged[row.benchmark],) = judge_alone([head], budgets, outcome=outcome, reason=reason)
    missing = [
        Verdict(row.benchmark, row.metric, Outcome.MISSING, "", "base has this benchmark, head does not")
        for row in setting.missing
    ]
    missing += [
        Verdict(
            row.benchmark, row.metric, Outcome.MISSING, "", "the baseline has this benchmark, head does not"
        )
        for row in setting.vanished
    ]
    return (*(judged[row.benchmark] for row in rows), *tails, *missing)


def _ended(benchmark: BenchmarkId, metric: Metric, ended: Ended) -> Verdict:
    where = "" if ended.outcome is not Outcome.FAILED else f"on {' and '.join(ended.sides)}"
    return Verdict(benchmark, metric, ended.outcome, where, ended.reason, sides=ended.sides)


def _gone(setting: Setting, verdicts: Sequence[Verdict]) -> tuple[RuntimeStatus, ...]:
    """The runtimes that ran when the job began, and stopped working while it measured them.

    Their rows look failed, or skipped as those of a runtime that was never there.
    """
    ran = {status.name for status in setting.runtimes if status.available}
    suspects = ran & {
        verdict.benchmark.param("runtime")
        for verdict in verdicts
        if verdict.outcome in (Outcome.FAILED, Outcome.SKIPPED, Outcome.MISSING, Outcome.NEW)
    }
    if not suspects:
        return ()
    after = {status.name: status for status in runtime_statuses(setting.rows)}
    return tuple(status for status in vanished(setting.runtimes, after) if status.name in suspects)


def _raise_if_gone(gone: Sequence[RuntimeStatus], report: Report) -> None:
    if gone:
        raise MissingComponentError(
            f"{gone[0].name} stopped working during the run: {gone[0].reason}",
            f"{gone[0].remedy or 'start it again'}; what was measured is kept in {report.result_file}",
        )


def _results(
    setting: Setting, draft: Draft, verdicts: Sequence[Verdict], job: Job, harnesses: HarnessJob
) -> Results:
    """The job as a user's own rule is shown it."""
    head = _measurements(setting, job.collected, harnesses, setting.head.label)
    if len(setting.sides) > 1:
        base = _measurements(setting, job.collected, harnesses, setting.sides[0].label)
    else:
        base = list(setting.baseline_measurements.values())
    rows = judged_rows(verdicts, base, head)
    return Results(draft.title, draft.base, draft.head, rows, draft.environment, job.noise())


def _measurements(
    setting: Setting, collected: Collected, harnesses: HarnessJob, label: str
) -> list[Measurement]:
    """All that a side gave, the suite's rows and the harnesses'."""
    rows = (*setting.rows, *collected.recorded.values())
    suite = [found for row in rows if (found := collected.measurement(row, label)) is not None]
    return [*suite, *harnesses.measurements(label)]


def _write_pyperf(setting: Setting, collected: Collected, harnesses: HarnessJob) -> None:
    folder = setting.request.pyperf_folder
    if folder is None:
        return
    folder.mkdir()
    for side in setting.sides:
        found = _measurements(setting, collected, harnesses, side.label)
        if found:
            pyperf_export.write(folder / f"{side.label}.json", found)
