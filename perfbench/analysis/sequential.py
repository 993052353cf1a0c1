"""What to measure next, and how much of the error each look at the data may spend. Pure: results in, rows out.

A row that is looked at again and again would in the end seem changed by luck. So the error that a family
may make is spent in parts: half of it at the first look, half of the rest at the second, and so on (the union
bound, the plainest of alpha spending functions; Lan and DeMets 1983). Looks come after 10, 15, 23, 35 …
rounds, so that they are few and each has half as much data again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import IntEnum

from perfbench.analysis.limits import worsening
from perfbench.model import BenchmarkId, Comparison, Outcome, Verdict

GROWTH = 1.5


def next_look(rounds: int) -> int:
    """After how many rounds a row that has `rounds` is looked at again."""
    return math.ceil(rounds * GROWTH)


def share(rounds: int, first: int) -> float:
    """The part of the family's error that a look after `rounds` may spend, the first look being after `first`.

    1/2, 1/4, 1/8 …: all looks together never spend more than the whole, not even with a last one that the
    deadline brought forward, which may spend as much as the look before it.
    """
    part, look = 0.5, max(first, 1)
    while (look := next_look(look)) <= rounds:
        part /= 2.0
    return part


def shares(rows: Iterable[Comparison]) -> dict[BenchmarkId, float]:
    """The share of each row of a stored job, whose first look came after as many rounds as the shortest row has."""
    taken = {row.benchmark: row.rounds for row in rows if row.paired}
    first = min(taken.values(), default=0)
    return {benchmark: share(rounds, first) for benchmark, rounds in taken.items()}


class Doubt(IntEnum):
    """How much an undecided row seems changed: its estimate or even its whole interval lies beyond its limit."""

    UNCHANGED = 0
    LEANING = 1
    CHANGED = 2


PATIENCE = {Doubt.UNCHANGED: 0.25, Doubt.LEANING: 3.0}
"""For how long undecided rows get more rounds, as parts of the time that the first rounds took.

Rows that seem unchanged and are only not sure are soon let be, and the report says how small a change they
could have seen. Rows that are flagged are measured until they are decided or the time is up.
"""


def undecided(verdicts: Iterable[Verdict], spent: float = 0.0) -> tuple[BenchmarkId, ...]:
    """The rows to measure next, each once: those that seem most changed first, the others as they come.

    `spent` is the time since the first rounds as a part of what these took; with it the patience for rows
    of little doubt ends. A row counts as changed only when the whole family's error allows it, and each
    round has fresh processes, so what is flagged is confirmed before it is named. A row that budgets alone
    decided is left as it is.
    """
    doubts = [(verdict, doubt(verdict)) for verdict in verdicts if verdict.outcome is Outcome.INCONCLUSIVE]
    due = [entry for entry in doubts if spent <= PATIENCE.get(entry[1], math.inf)]
    return tuple(dict.fromkeys(verdict.benchmark for verdict, _ in sorted(due, key=lambda entry: -entry[1])))


def doubt(verdict: Verdict) -> Doubt:
    """What an undecided row seems to be so far."""
    if verdict.comparison is None or verdict.limit is None:
        return Doubt.UNCHANGED
    worse, most = worsening(verdict.comparison), 1.0 + verdict.limit
    if worse.low > most or worse.high < 1.0 / most:
        return Doubt.CHANGED
    return Doubt.LEANING if worse.ratio > most or worse.ratio < 1.0 / most else Doubt.UNCHANGED
