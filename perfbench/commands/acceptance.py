"""What a job's verdicts become by the project's accepted.toml, and what vanished rows have probably become."""

from __future__ import annotations

import time
from collections.abc import Sequence

from perfbench.acceptances import utc_day
from perfbench.analysis.acceptance import accept
from perfbench.analysis.comparison import own_median
from perfbench.analysis.renames import Trace, with_renames
from perfbench.commands.setting import Setting
from perfbench.model import BenchmarkId, Finding, Outcome, Verdict


def accepted(
    setting: Setting, verdicts: Sequence[Verdict]
) -> tuple[tuple[Verdict, ...], tuple[Finding, ...]]:
    """The verdicts with accepted regressions as passed and renamed rows named, and the entries that fail."""
    if setting.baseline is None and len(setting.sides) < 2:
        return tuple(verdicts), ()  # nothing is compared, so that nothing can have regressed
    workspace = setting.workspace
    named = with_renames(verdicts, _gone(setting), _new(setting, verdicts))
    return accept(
        named,
        workspace.acceptances,
        utc_day(time.time()),
        rows=_all_rows(setting, verdicts),
        budgets=workspace.thresholds.budgets,
    )


def _all_rows(setting: Setting, verdicts: Sequence[Verdict]) -> set[BenchmarkId] | None:
    """Every row that there is; None where harnesses were left out, whose rows only they can name."""
    if len(setting.harnesses) < len(setting.workspace.config.harnesses):
        return None
    return {*(row.benchmark for row in setting.suite), *(verdict.benchmark for verdict in verdicts)}


def _gone(setting: Setting) -> list[Trace]:
    stored = [Trace(row.benchmark, row.metric, own_median(row).estimate) for row in setting.vanished]
    return [*stored, *(Trace(row.benchmark, row.metric, version=row.version) for row in setting.missing)]


def _new(setting: Setting, verdicts: Sequence[Verdict]) -> list[Trace]:
    measured = [
        Trace(verdict.benchmark, verdict.metric, verdict.value)
        for verdict in verdicts
        if verdict.outcome is Outcome.NEW and verdict.metric is not None and verdict.value is not None
    ]
    return [*measured, *(Trace(row.benchmark, row.metric, version=row.version) for row in setting.added)]
