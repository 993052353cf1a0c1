"""What to measure next. Pure: verdicts in, rows out."""

from __future__ import annotations

import math
from collections.abc import Iterable

from perfbench.analysis.judge import worsening
from perfbench.model import BenchmarkId, Outcome, Verdict

CONFIRMED_ROUNDS = 20
"""With so many rounds a finding stands, however narrowly it cleared its limit."""


def undecided(
    verdicts: Iterable[Verdict], *, confirmed_rounds: int = CONFIRMED_ROUNDS
) -> tuple[BenchmarkId, ...]:
    """The rows that deserve more rounds, in the order of the verdicts, each once.

    These are the inconclusive ones, and the regressions and improvements that are not confirmed yet: on
    fewer than `confirmed_rounds` rounds the interval cleared its limit by less than its own half width. A row
    that budgets alone decided is left as it is.
    """
    rows = (verdict.benchmark for verdict in verdicts if _is_open(verdict, confirmed_rounds))
    return tuple(dict.fromkeys(rows))


def _is_open(verdict: Verdict, confirmed_rounds: int) -> bool:
    if verdict.outcome is Outcome.INCONCLUSIVE:
        return True
    if verdict.outcome not in (Outcome.REGRESSED, Outcome.IMPROVED) or verdict.comparison is None:
        return False
    return verdict.comparison.rounds < confirmed_rounds and not _is_clear(verdict)


def _is_clear(verdict: Verdict) -> bool:
    """Whether the gap between interval and limit is at least half as wide as the interval, in logs."""
    if verdict.comparison is None or verdict.limit is None:
        return False
    worse = worsening(verdict.comparison)
    if not 0 < worse.low <= worse.high < math.inf:
        return True  # from or to an exact zero
    limit = math.log1p(verdict.limit)
    low, high = math.log(worse.low), math.log(worse.high)
    gap = low - limit if verdict.outcome is Outcome.REGRESSED else -limit - high
    return gap >= (high - low) / 2.0
