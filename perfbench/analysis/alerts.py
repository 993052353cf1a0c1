"""Which changes somebody has to look at. Pure: changes, rules and acceptances in, alerts out.

An alert keeps its id although the place of its change moves: with every point that is appended a change may turn out to
lie a few commits earlier or later, and commits that were skipped at first are measured in the end. So the id is made
once, of the row, the direction and the place where the change was seen first, and whoever keeps a `ToldAlert` of it
knows it again by any commit that the two ranges have in common. Without such a memory the same place gives the same id.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from perfbench.analysis.acceptance import against_ceiling
from perfbench.analysis.patterns import fits, last_match
from perfbench.model import Acceptance, Better, Comparison
from perfbench.model_history import Alert, AlertGroup, AlertRule, Change, Direction, PlacedChange

DEFAULT_RULE = AlertRule()

MOST_COMMITS = 200
"""Commits that a memory of an alert holds; a range of more keeps those nearest to the place."""

_DIGITS = 16


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """What is remembered of an alert: its id, its series and direction as a digest, and where it may have happened.

    `commits` are full hashes, the place itself first. `told` says whether it was delivered, not only seen.
    """

    id: str
    series: str
    commits: tuple[str, ...]
    told: bool = True


def raise_alerts(
    placed: Sequence[PlacedChange],
    rules: Sequence[AlertRule],
    acceptances: Sequence[Acceptance],
    today: str,
    already_told: Collection[ToldAlert] = (),
) -> tuple[Alert, ...]:
    """The alerts that these changes raise, in the same order; accepted and recovered ones are among them.

    Of the rules that fit a row the last one counts, and where none does, the default one. A change for the worse, or
    one of a metric without a better, raises an alert where it is as large and as sure as the rule wants;
    an improvement does if the rule asks for it. An acceptance covers a change by the semantics of a check:
    the last valid entry that fits the row counts, `today` (an ISO date) included, unless the whole interval lies
    beyond its ceiling. A change that several branches share is one alert, open while it is open on any of them.
    """
    valid = [entry for entry in acceptances if today <= entry.expires]
    called = [(one, rule) for one in placed if _calls_out(rule := rule_of(one, rules), one)]
    recognised = _recognised([one for one, _ in called], already_told)
    reserved = {one.id for one in recognised.values()}
    found: dict[str, Alert] = {}
    for index, (one, rule) in enumerate(called):
        before = recognised.get(index)
        name = before.id if before is not None else _id(one, reserved)
        told = before is not None and before.told
        alert = Alert(name, one, rule, _accepted(one, valid), told)
        if name not in found or (alert.is_open and not found[name].is_open):
            found[name] = alert
    return tuple(found.values())


def rule_of(placed: PlacedChange, rules: Sequence[AlertRule]) -> AlertRule:
    """The rule that counts for a change's row: the last that fits it, else the default one."""
    benchmark = placed.key.benchmark
    return next((rule for rule in reversed(rules) if fits(rule.pattern, benchmark)), DEFAULT_RULE)


def size_of(change: Change) -> float:
    """How large a change is, 0.25 for a quarter more as for four fifths; ∞ where there was nothing before.

    Where a ratio has no meaning it is the difference as a part of the old level.
    """
    if change.ratio > 0:
        return math.expm1(abs(math.log(change.ratio))) if math.isfinite(change.ratio) else math.inf
    if not change.difference:
        return 0.0
    return abs(change.difference / change.before) if change.before else math.inf


def by_commit(alerts: Iterable[Alert]) -> tuple[AlertGroup, ...]:
    """The alerts by the commit that raised them, the newest commit first, in it the largest change first."""
    groups: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        groups.setdefault((alert.placed.commit, alert.placed.since), []).append(alert)
    found = [
        AlertGroup(commit, since, members[0].placed.date, tuple(sorted(members, key=_largest_first)))
        for (commit, since), members in groups.items()
    ]
    return tuple(sorted(found, key=lambda group: (-group.date, group.commit)))


def remembered(
    alerts: Sequence[Alert], already_told: Collection[ToldAlert], delivered: Collection[str]
) -> tuple[ToldAlert, ...]:
    """What to keep in mind from now on: what was, and these alerts, the most recently seen last.

    `delivered` are the ids of those that were told just now.
    """
    kept = {one.id: one for one in already_told}
    for alert in alerts:
        before = kept.pop(alert.id, None)
        told = alert.told or alert.id in delivered or (before is not None and before.told)
        kept[alert.id] = ToldAlert(alert.id, _series(alert.placed), _range(alert.placed), told)
    return tuple(kept.values())


def _recognised(placed: Sequence[PlacedChange], told: Collection[ToldAlert]) -> dict[int, ToldAlert]:
    """Which remembered alert each change is, by the change's place in the list.

    Those at the very place are recognised first, then those with most commits in common; on one branch an alert is
    no two changes.
    """
    by_series: dict[str, list[ToldAlert]] = {}
    for one in told:
        by_series.setdefault(one.series, []).append(one)
    pairs = [
        (one.commits[0] != change.commit, -len(common), one.id, index, one)
        for index, change in enumerate(placed)
        for one in by_series.get(_series(change), ())
        if (common := set(_range(change)).intersection(one.commits))
    ]
    found: dict[int, ToldAlert] = {}
    taken: set[tuple[str, str]] = set()
    for _, _, name, index, one in sorted(pairs, key=lambda pair: pair[:4]):
        if index not in found and (name, placed[index].key.branch) not in taken:
            found[index] = one
            taken.add((name, placed[index].key.branch))
    return found


def _calls_out(rule: AlertRule, placed: PlacedChange) -> bool:
    change = placed.change
    if change.direction is Direction.IMPROVEMENT and not rule.improvements:
        return False
    # A ratio such as 1.05 is no binary number: what reads as 5 % is 5 %.
    return size_of(change) >= rule.size * (1 - 1e-9) and change.sureness >= rule.sureness


def _accepted(placed: PlacedChange, valid: Sequence[Acceptance]) -> str:
    """The reason of the entry that covers a change; empty where none does, or where it needs none."""
    if placed.change.direction is Direction.IMPROVEMENT:
        return ""
    entry = last_match(valid, placed.key.benchmark, placed.key.metric)
    if entry is None:
        return ""
    if entry.share is not None and math.isnan(placed.change.ratio):
        return ""  # a share of what?
    sides = _as_comparisons(placed)
    beyond = any(against_ceiling(row, entry)[1] for row in sides)
    return "" if beyond else entry.reason


def _as_comparisons(placed: PlacedChange) -> Iterator[Comparison]:
    """The new level against the old one, as a check would have compared them.

    Without a better either way is the worse one, so that a share is held against both.
    """
    change, metric = placed.change, placed.key.metric
    bounds = sorted(change.before * ratio for ratio in (change.low, change.high))
    low, high = bounds if all(map(math.isfinite, bounds)) else (change.after, change.after)
    row = Comparison(
        benchmark=placed.key.benchmark,
        metric=metric,
        base=change.before,
        head=change.after,
        ratio=change.ratio,
        low=change.low,
        high=change.high,
        confidence=0.95,
        head_low=low,
        head_high=high,
        p=1.0 - change.sureness,
        p_adjusted=1.0 - change.sureness,
        detectable=math.nan,
        rounds=0,
        paired=False,
    )
    yield row
    if metric.better is Better.NONE and change.low > 0:
        yield replace(row, ratio=1 / change.ratio, low=1 / change.high, high=1 / change.low)


def _largest_first(alert: Alert) -> tuple[float, str]:
    return -size_of(alert.placed.change), str(alert.placed.key)


def _range(placed: PlacedChange) -> tuple[str, ...]:
    """Where a change may have happened, the place itself first."""
    every = (placed.commit, placed.since, *placed.within, *(placed.between or ()))
    return tuple(dict.fromkeys(every))[:MOST_COMMITS]


def _id(placed: PlacedChange, reserved: Collection[str]) -> str:
    """A new id: of the row and the place, and not that of another change which was there before."""
    name = _digest(_series(placed), placed.since, placed.commit)
    return name if name not in reserved else _digest(name)


def _series(placed: PlacedChange) -> str:
    """The row and its direction; not the branch, as branches share what lies before they part."""
    key = placed.key
    row = (key.benchmark.suite, str(key.benchmark), key.metric.name, key.metric.unit)
    return _digest(*row, key.machine, key.environment, placed.change.direction.value)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
