"""Which commit to measure next, and what the measurements so far tell. Pure: steps in, a commit or an answer out.

The ends are measured against each other first, so that how large the change is is known. A commit is like bad where the
whole interval of its measurement lies beyond the geometric middle between the ends, like good where it lies short of
it, and unclear where it reaches across: then it decides nothing, and its neighbours are asked. So noise makes the
answer wider and not wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perfbench.model import Better, Metric
from perfbench.model_history import BisectStep, Direction, Likeness

MOST_UNCLEAR = 3
"""Neighbouring commits that may be unclear before the search gives up on narrowing further."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the search stands in a list of commits: the last that is like good, the first after it that is like bad."""

    good: int
    bad: int


def middle_of(ratio: float) -> float:
    """The geometric middle between no change and `ratio`, as a relative limit: 1.44 and 1/1.44 give 0.2."""
    return math.expm1(abs(math.log(ratio)) / 2.0) if 0 < ratio < math.inf else math.inf


def direction_of(ratio: float, metric: Metric) -> Direction:
    """What it means that bad is `ratio` times good."""
    if metric.better is Better.NONE:
        return Direction.CHANGE
    return Direction.REGRESSION if (ratio > 1.0) == (metric.better is Better.LOWER) else Direction.IMPROVEMENT


def likeness(low: float, high: float, *, whole: float, noise: float = 0.0) -> Likeness:
    """Which end a commit is like that measured [`low`, `high`] times as much as good, bad measuring `whole` times.

    `noise` is the relative change that identical work has shown meanwhile (0.02 is 2 %): what could be it alone is
    unclear. A measurement against bad is turned into one against good by `whole`.
    """
    if any(map(math.isnan, (low, high, whole))) or whole == 1.0:
        return Likeness.UNCLEAR
    if whole < 1.0:
        low, high, whole = _inverse(high), _inverse(low), _inverse(whole)
    if whole == math.inf:  # from nothing to something
        return Likeness.BAD if low == math.inf else Likeness.GOOD if high < math.inf else Likeness.UNCLEAR
    middle = math.sqrt(whole)
    if low > max(middle, 1.0 + noise):
        return Likeness.BAD
    return Likeness.GOOD if high < min(middle, whole / (1.0 + noise)) else Likeness.UNCLEAR


def verdicts_of(steps: Sequence[BisectStep]) -> Mapping[str, Likeness]:
    """What is known of each commit: of several measurements that were clear and disagree, nothing."""
    found: dict[str, Likeness] = {}
    for step in steps:
        before = found.get(step.commit, Likeness.UNCLEAR)
        if step.likeness is Likeness.SKIPPED or before in (Likeness.UNCLEAR, step.likeness):
            found[step.commit] = step.likeness
        elif step.likeness is not Likeness.UNCLEAR:
            found[step.commit] = Likeness.UNCLEAR
    return found


def bounds(commits: Sequence[str], known: Mapping[str, Likeness]) -> Bounds:
    """Where the search stands. `commits` begin with good and end with bad, the oldest first.

    The first commit that is like bad counts, and the last before it that is like good: there is a change between these
    two whatever else there is.
    """
    last = len(commits) - 1
    bad = next((place for place in range(1, last) if known.get(commits[place]) is Likeness.BAD), last)
    good = max((place for place in range(bad) if known.get(commits[place]) is Likeness.GOOD), default=0)
    return Bounds(good, bad)


def next_commit(
    commits: Sequence[str], known: Mapping[str, Likeness], hints: Sequence[str] = ()
) -> str | None:
    """The commit to measure next: a hint that still lies between, else the one nearest to the middle.

    None where every commit between the bounds has been tried, or where those tried last were all unclear. `hints` are
    commits at which stored results see the change; they say what to ask first and decide nothing.
    """
    now = bounds(commits, known)
    between = [place for place in range(now.good + 1, now.bad) if commits[place] not in known]
    if not between:
        return None
    unclear = sum(known.get(commits[place]) is Likeness.UNCLEAR for place in range(now.good + 1, now.bad))
    if unclear >= MOST_UNCLEAR:
        return None
    places = {commits[place]: place for place in between}
    hinted = next((hint for hint in hints if hint in places), None)
    if hinted is not None:
        return hinted
    middle = (now.good + now.bad) / 2.0
    return commits[min(between, key=lambda place: (abs(place - middle), place))]


def steps_left(commits: Sequence[str], known: Mapping[str, Likeness]) -> int:
    """About how many measurements are still to come."""
    now = bounds(commits, known)
    untried = sum(commits[place] not in known for place in range(now.good + 1, now.bad))
    return math.ceil(math.log2(untried + 1))


def widened(commits: Sequence[str], known: Mapping[str, Likeness]) -> Bounds:
    """The bounds without the two commits that they rest on, whose measurements have been contradicted."""
    now = bounds(commits, known)
    last = len(commits) - 1
    good = max((place for place in range(now.good) if known.get(commits[place]) is Likeness.GOOD), default=0)
    later = (place for place in range(now.bad + 1, last) if known.get(commits[place]) is Likeness.BAD)
    return Bounds(good, next(later, last))


def _inverse(ratio: float) -> float:
    return 1.0 / ratio if ratio > 0 else math.inf
