"""Which rows a pattern means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import TypeVar

from perfbench.model import Acceptance, BenchmarkId, Budget, Metric, Threshold

Rule = TypeVar("Rule", Threshold, Budget, Acceptance)


def fits(pattern: str, benchmark: BenchmarkId) -> bool:
    """Whether `pattern` (shell-style, case matters) means a row, by its full id or its name without params."""
    return _means(pattern, (benchmark.name, str(benchmark)))


def applies(rule: Threshold | Budget | Acceptance, benchmark: BenchmarkId, metric: Metric) -> bool:
    """Whether a threshold, a budget or an acceptance is about this row and metric."""
    return fnmatchcase(metric.name, rule.metric) and fits(rule.pattern, benchmark)


def last_match(rules: Sequence[Rule], benchmark: BenchmarkId, metric: Metric) -> Rule | None:
    """The rule that counts for a row: the last one in the file that fits it."""
    names = (benchmark.name, str(benchmark))  # made once: there may be hundreds of rules
    for rule in reversed(rules):
        if _means(rule.pattern, names) and fnmatchcase(metric.name, rule.metric):
            return rule
    return None


def unmatched(
    rules: Iterable[Rule],
    benchmarks: Iterable[BenchmarkId],
    *,
    metric_of: Callable[[BenchmarkId], str] | None = None,
) -> tuple[Rule, ...]:
    """The rules that fit none of the discovered `benchmarks`: they guard nothing.

    With `metric_of` (the name of a row's metric) the rule's metric must fit the same row too.
    """
    rows = tuple(benchmarks)

    def guards(rule: Rule, row: BenchmarkId) -> bool:
        return fits(rule.pattern, row) and (metric_of is None or fnmatchcase(metric_of(row), rule.metric))

    return tuple(rule for rule in rules if not any(guards(rule, row) for row in rows))


def _means(pattern: str, names: tuple[str, str]) -> bool:
    return pattern in names or any(map(_compiled(pattern).match, names))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def nearest(pattern: str, benchmarks: Iterable[BenchmarkId]) -> str | None:
    """The name or full id that `pattern` most likely meant, None where nothing is close."""
    import difflib  # noqa: PLC0415  (few patterns fit nothing)

    names = {name: None for row in benchmarks for name in (row.name, str(row))}
    name, _, params = pattern.partition("(")
    wanted = name if "*" in params else pattern
    close = difflib.get_close_matches(wanted.replace("*", "")[:200], list(names), n=1, cutoff=0.5)
    return close[0] if close else None
