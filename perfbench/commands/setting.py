"""What a job is about: its sides, the rows to measure, and all that was found before the measuring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from perfbench.commands.areas import check_areas, known_areas
from perfbench.commands.harness_rows import RowKey
from perfbench.commands.harness_selection import check_expressions, chosen
from perfbench.commands.machine import runtime_statuses
from perfbench.commands.request import Request
from perfbench.commands.selection import concerns, select
from perfbench.commands.stored_baseline import StoredBaseline
from perfbench.commands.workspace import Workspace
from perfbench.measure.builds import benchmark_dir
from perfbench.measure.discovery import CONTROL, Discovery, Row, discover
from perfbench.measure.side import Side
from perfbench.model import BenchmarkId, Harness, Measurement, RuntimeStatus
from perfbench.quietness import quietness


@dataclass(frozen=True, slots=True)
class Setting:
    """The sides of a job, head last, and what is to be measured on them.

    `missing` are rows that base's benchmarks have and head's have no longer, `added` those that only head's
    have; `baseline` is the stored
    result that takes base's place. `harnesses` are measured beside the rows; `suite` are all rows of head's
    benchmarks, chosen or not. `warnings` are sentences for the report.
    """

    workspace: Workspace
    request: Request
    sides: Sequence[Side]
    baseline: StoredBaseline | None
    benchmark_dir: Path
    rows: tuple[Row, ...]
    missing: tuple[Row, ...]
    runtimes: tuple[RuntimeStatus, ...]
    warnings: tuple[str, ...]
    harnesses: tuple[Harness, ...] = ()
    suite: tuple[Row, ...] = ()
    added: tuple[Row, ...] = ()

    @property
    def head(self) -> Side:
        """What is judged."""
        return self.sides[-1]

    @property
    def baseline_measurements(self) -> Mapping[BenchmarkId, Measurement]:
        """What the stored baseline holds, by row."""
        if self.baseline is None:
            return {}
        return {measurement.benchmark: measurement for measurement in self.baseline.measurements}

    @property
    def vanished(self) -> tuple[Measurement, ...]:
        """The rows of the suite that the stored baseline has and head has no longer, as far as they concern this run.

        Whether a harness has its rows still, only its own verdicts can tell.
        """
        if self.request.short:
            return ()
        others = {CONTROL.benchmark.suite, *(harness.name for harness in self.workspace.config.harnesses)}
        there = {row.benchmark for row in self.suite}
        return tuple(
            stored
            for benchmark, stored in self.baseline_measurements.items()
            if benchmark.suite not in others
            and benchmark not in there
            and _concerns(self.workspace, self.request, benchmark)
        )


def prepare(
    workspace: Workspace,
    request: Request,
    sides: Sequence[Side],
    *,
    baseline: StoredBaseline | None = None,
    warnings: Sequence[str] = (),
) -> Setting:
    """Find out which rows there are, which to measure, and what will disturb them.

    Raises UsageError and ConfigError for a selection, a threshold or a budget that fits no row.
    """
    head = sides[-1]
    folder, found = _suite(workspace, head)
    config = workspace.config
    check_areas(config, request.areas, known_areas(found.rows, folder if workspace.has_suite else None))
    harnesses, expressions = chosen(workspace.config.harnesses, request, found.rows)
    if not workspace.config.harnesses:
        workspace.check_patterns([(row.benchmark, row.metric) for row in found.rows])
    statuses = runtime_statuses(found.rows)
    available = {status.name for status in statuses if status.available}
    for_harnesses_alone = bool(request.expressions) and not expressions
    rows = select(
        () if for_harnesses_alone else found.rows,
        expressions=expressions,
        runtimes=request.runtimes,
        everything=request.everything,
        tier=() if for_harnesses_alone else workspace.config.gate_rows,
        short=request.short,
        runs_here=available.__contains__,
        only=request.areas,
        switched_off=config.switched_off,
        wrong_tier=partial(config.error, ("gate", "rows")),
    )
    missing, added = _of_one_side(workspace, request, sides, folder, found)
    unreadable = [f"{problem.path} could not be read: {problem.message}" for problem in found.problems]
    return Setting(
        workspace=workspace,
        request=request,
        sides=sides,
        baseline=baseline,
        benchmark_dir=folder,
        rows=rows,
        missing=missing,
        added=added,
        runtimes=statuses,
        warnings=(*warnings, *unreadable, *quietness()),
        harnesses=harnesses,
        suite=found.rows,
    )


def check_harness_rows(setting: Setting, rows: Sequence[RowKey]) -> None:
    """Raise as `prepare` does, now that the harnesses' rows are known, for what fits no row of anything."""
    check_expressions(setting.request.expressions, setting.suite, rows)
    if len(setting.harnesses) == len(setting.workspace.config.harnesses) and not setting.request.expressions:
        suite = [(row.benchmark, row.metric) for row in setting.suite]
        setting.workspace.check_patterns([*suite, *rows])


def _suite(workspace: Workspace, head: Side) -> tuple[Path, Discovery]:
    """Where the benchmarks lie, and which rows they have; none where only harnesses measure."""
    if not workspace.has_suite:
        return head.root, Discovery((), ())
    if workspace.built_in:
        folder = workspace.asv.benchmark_dir
    else:
        folder = benchmark_dir(workspace.project, workspace.asv, head)
    return folder, workspace.measured(_discover(workspace, head, folder))


def _discover(workspace: Workspace, side: Side, folder: Path) -> Discovery:
    return discover(
        side.python,
        folder,
        suite=workspace.suite,
        environment=side.environment,
        default_timeout=workspace.asv.default_benchmark_timeout,
    )


def _of_one_side(
    workspace: Workspace, request: Request, sides: Sequence[Side], folder: Path, found: Discovery
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows that base's own benchmarks have and head's have no longer, and those that only head's have.

    Both as far as they would be measured.
    """
    base, head = sides[0], sides[-1]
    alone = base is head or not workspace.has_suite
    if alone or request.short or not folder.is_relative_to(head.root):
        return (), ()
    own = base.root / folder.relative_to(head.root)
    if not own.is_dir():
        return (), ()
    before = _discover(workspace, base, own).rows
    gone = _only_in(before, found.rows, workspace, request)
    return gone, _only_in(found.rows, before, workspace, request)


def _only_in(
    rows: Sequence[Row], others: Sequence[Row], workspace: Workspace, request: Request
) -> tuple[Row, ...]:
    there = {row.benchmark for row in others}
    return tuple(
        row for row in rows if row.benchmark not in there and _concerns(workspace, request, row.benchmark)
    )


def _concerns(workspace: Workspace, request: Request, benchmark: BenchmarkId) -> bool:
    return concerns(
        benchmark,
        expressions=request.expressions,
        runtimes=request.runtimes,
        everything=request.everything,
        tier=workspace.config.gate_rows,
        only=request.areas,
        switched_off=workspace.config.switched_off,
    )
