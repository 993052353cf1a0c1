"""Verdicts to an exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perfbench.errors import ExitCode
from perfbench.model import Finding, Outcome, Verdict

_GATE = frozenset({Outcome.REGRESSED, Outcome.OVER_BUDGET, Outcome.MISSING})
_NOT_MEASURED = frozenset({Outcome.FAILED, Outcome.SKIPPED})
_OPEN = frozenset({Outcome.INCONCLUSIVE, Outcome.INCOMPARABLE})


def exit_code(verdicts: Iterable[Verdict], *, strict: bool, findings: Sequence[Finding] = ()) -> ExitCode:
    """The exit code of the whole, by the table of docs/glossary.md; where several hold, 1 before 3 before 4.

    Nothing judged at all is 3, never a pass. Any finding is 1.
    """
    found = tuple(verdicts)
    outcomes = {verdict.outcome for verdict in found}
    if outcomes & _GATE or findings:
        return ExitCode.REGRESSED
    if outcomes <= _NOT_MEASURED or any(map(_failed_on_head_alone, found)):
        return ExitCode.NOTHING_MEASURED
    if strict and outcomes & _OPEN:
        return ExitCode.UNDECIDED
    return ExitCode.PASSED


def _failed_on_head_alone(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.FAILED and "head" in verdict.sides and "base" not in verdict.sides
