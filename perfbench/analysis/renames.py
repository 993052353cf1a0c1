"""Which new row a vanished one has probably become. A guess for people: no verdict rests on it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import islice, product

from perfbench.model import BenchmarkId, Metric, Outcome, Verdict

_ALIKE = 0.6  # difflib's own measure of what people take for near
_ALIKE_UNSEEN = 0.8  # where no values bear a name out
_SAME_VALUE = 1.25
_LONGEST = 200  # characters of an id
_KIND = re.compile(r"\b(?:time|timeraw|track|mem|peakmem)_")
_MOST = 200  # rows on a side; every pair of them is looked at


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a row that only one side has. `value` is its median, NaN where it was not measured;
    `version` is asv's hash of its code, or its author's word, empty where it is not known.
    """

    benchmark: BenchmarkId
    metric: Metric
    value: float = math.nan
    version: str = ""


def renamed(gone: Iterable[Trace], new: Iterable[Trace]) -> Mapping[BenchmarkId, BenchmarkId]:
    """The new row that each vanished one probably is now; one new row is one old one at most.

    It has the same version and params, or a near name and, where both were measured, a value within 25 %.
    """
    pairs = product(islice(gone, _MOST), islice(new, _MOST))
    scored = ((_likeness(old, now), old.benchmark, now.benchmark) for old, now in pairs)
    found: dict[BenchmarkId, BenchmarkId] = {}
    taken: set[BenchmarkId] = set()
    for score, old, now in nlargest(_MOST * _MOST, scored, key=lambda entry: entry[0]):
        if score and old not in found and now not in taken:
            found[old] = now
            taken.add(now)
    return found


def with_renames(
    verdicts: Sequence[Verdict], gone: Iterable[Trace], new: Iterable[Trace]
) -> tuple[Verdict, ...]:
    """The verdicts with what vanished rows have probably become, and new ones were, in their reasons."""
    names = renamed(gone, new)
    words = {
        Outcome.MISSING: {old: f"probably renamed to {now}" for old, now in names.items()},
        Outcome.NEW: {now: f"probably {old} under a new name" for old, now in names.items()},
    }
    return tuple(_with_word(verdict, words.get(verdict.outcome, {})) for verdict in verdicts)


def _with_word(verdict: Verdict, words: Mapping[BenchmarkId, str]) -> Verdict:
    word = words.get(verdict.benchmark)
    return verdict if word is None else replace(verdict, reason=f"{verdict.reason}; {word}".lstrip("; "))


def _likeness(old: Trace, now: Trace) -> float:
    """From 0, another row, to 2, the same code."""
    if old.metric != now.metric or _apart(old.value, now.value):
        return 0.0
    if old.version and old.version == now.version and old.benchmark.params == now.benchmark.params:
        return 2.0
    least = _ALIKE_UNSEEN if math.isnan(old.value) or math.isnan(now.value) else _ALIKE
    from difflib import SequenceMatcher  # noqa: PLC0415  (few rows vanish)

    matcher = SequenceMatcher(None, *_telling_parts(old.benchmark, now.benchmark))
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    score = matcher.ratio()
    return score if score >= least else 0.0


def _telling_parts(old: BenchmarkId, now: BenchmarkId) -> tuple[str, str]:
    """The full ids without what says nothing: the modules and classes in common, and asv's `time_` and its like."""
    one, other = str(old)[:_LONGEST].split("."), str(now)[:_LONGEST].split(".")
    while len(one) > 1 and len(other) > 1 and one[0] == other[0]:
        one, other = one[1:], other[1:]
    return _KIND.sub("", ".".join(one)), _KIND.sub("", ".".join(other))


def _apart(one: float, other: float) -> bool:
    """Whether two medians are known and too far from each other to be of the same work."""
    if math.isnan(one) or math.isnan(other):
        return False
    low, high = sorted((abs(one), abs(other)))
    return high > low * _SAME_VALUE
