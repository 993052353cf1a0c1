"""What to measure next, and how much of the error each look at the data may spend. Pure: results in, rows out.

A row that is looked at again and again would in the end seem changed by luck. So the error that a family
may make is spent in parts: half of it at the first look, half of the rest at the second, and so on (the union
bound, the plainest of alpha spending functions; Lan and DeMets 1983). Looks come after 10, 15, 23, 35 …
rounds, so that they are few and each has half as much data again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from perfbench.analysis.limits import worsening
from perfbench.model import BenchmarkId, Outcome, Verdict

GROWTH = 1.5


def next_look(rounds: int) -> int:
    """After how many rounds a row that has `rounds` is looked at again."""
    return math.ceil(rounds * GROWTH)


def share(rounds: int, first: int) -> float:
    """The part of the family's error that a look after `rounds` may spend, the first look being after `first`.

    1/2, 1/4, 1/8 …: all looks together never spend more than the whole.
    """
    part, look = 0.5, max(first, 1)
    while (look := next_look(look)) <= rounds:
        part /= 2.0
    return part


def undecided(verdicts: Iterable[Verdict], *, leaning_only: bool = False) -> tuple[BenchmarkId, ...]:
    """The rows that deserve more rounds, each once: those that seem changed first, the others as they come.

    A row counts as changed only when the whole family's error allows it, and each round has fresh processes,
    so what is flagged is confirmed before it is named. With `leaning_only` the rows whose estimate lies
    within their limit are left as they are: what they may still hide is not worth more time. A row that
    budgets alone decided is left as well.
    """
    open_rows = [verdict for verdict in verdicts if verdict.outcome is Outcome.INCONCLUSIVE]
    if leaning_only:
        open_rows = [verdict for verdict in open_rows if leans(verdict)]
    ranked = sorted(open_rows, key=lambda verdict: not leans(verdict))
    return tuple(dict.fromkeys(verdict.benchmark for verdict in ranked))


def leans(verdict: Verdict) -> bool:
    """Whether the estimate of a row lies beyond its limit, so that it seems changed."""
    if verdict.comparison is None or verdict.limit is None:
        return False
    worse = worsening(verdict.comparison).ratio
    return worse > 1.0 + verdict.limit or worse < 1.0 / (1.0 + verdict.limit)
