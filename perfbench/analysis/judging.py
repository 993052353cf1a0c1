"""Judging two lists of numbers, without a benchmark, a file or a machine around them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TypeAlias

from perfbench.analysis.comparison import compare
from perfbench.analysis.judge import judge as judge_rows
from perfbench.analysis.limits import DEFAULT_LIMIT
from perfbench.errors import UsageError
from perfbench.model import (
    BenchmarkId,
    Better,
    Comparison,
    Environment,
    Measurement,
    Metric,
    Outcome,
    Run,
    Summary,
    Threshold,
    Verdict,
)
from perfbench.units import BYTES, SECONDS, format_interval, format_ratio, parse_quantity

Values: TypeAlias = (
    "Sequence[float | None] | Sequence[Sequence[float | None]] | Summary | Mapping[str, object]"
)
"""One side: lists of values by process, the values of one process, or a summary of them. None is missing."""

_SUMMARY_NAMES = {"n": "count", "min": "minimum", "max": "maximum"}
_SUMMARY_FIELDS = {field.name for field in fields(Summary)}
_TOO_MANY = 2**53
_NOWHERE = Environment("", "", 0, 0, "", "", "")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of head (`b`) against base (`a`), as `perfbench judge` writes it.

    `verdict` is regressed, improved, passed or inconclusive. `ratio` is head/base with its interval [`low`,
    `high`] at level `confidence`, NaN where it has no meaning; `p` is two-sided, of no change at all.
    `detectable` is the smallest relative change (0.05 is 5 %) that these values could have told from none,
    `effect` the smallest worsening that would have been called a regression, ∞ where none would have been.
    """

    verdict: Outcome
    ratio: float
    low: float
    high: float
    confidence: float
    p: float
    detectable: float
    effect: float
    reason: str = ""
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        if math.isnan(self.ratio):
            return f"{self.verdict}: no ratio"
        return f"{self.verdict}: {format_ratio(self.ratio)} ({format_interval(self.low, self.high)})"


def judge(
    a: Values,
    b: Values,
    *,
    unit: str = SECONDS,
    better: str = Better.LOWER,
    threshold: float = DEFAULT_LIMIT,
    paired: bool = False,
    confidence: float | None = None,
) -> Judgement:
    """Judge `b` (head) against `a` (base) by itself.

    Each is a list of lists of values by process, a flat list of one process's values, or a summary: a mapping
    with `median` or `mean` and any of `stddev`, `n`, `ci99`, `q25`, `q75`, `min` and `max`. `paired` says that
    process i of both sides were measured together, their values in turn. `better` is `lower`, `higher` or
    `none`, which is never judged; `threshold` is relative (0.05 is 5 %). Raises UsageError for other input.
    """
    row = compare_values(
        a, b, unit=unit, better=better, threshold=threshold, paired=paired, confidence=confidence
    )
    (found,) = judge_family([row])
    return found


def compare_values(
    a: Values,
    b: Values,
    *,
    unit: str = SECONDS,
    better: str = Better.LOWER,
    threshold: float = DEFAULT_LIMIT,
    paired: bool = False,
    confidence: float | None = None,
) -> Comparison:
    """The comparison that `judge` judges; it carries its threshold, for `judge_family`. Raises UsageError."""
    if not 0 <= threshold < math.inf:
        raise UsageError(f"the threshold is {threshold}", "give a share of 0 or more; 0.05 is 5 %")
    if confidence is not None and not 0.5 <= confidence < 1:
        raise UsageError(f"the confidence is {confidence}", "give a level below 1, as 0.95")
    row = BenchmarkId("", f"{float(threshold)!r}")
    metric = Metric("value", base_unit(unit), _better(better))
    base, head = (_measurement(row, metric, side, name) for side, name in ((a, "a"), (b, "b")))
    return compare(base, head, confidence=confidence, paired=paired)


def judge_family(rows: Sequence[Comparison]) -> list[Judgement]:
    """Judge what `compare_values` made, as one family: the chance of any wrong name is held over all of it."""
    names = dict.fromkeys(row.benchmark.name for row in rows)
    thresholds = [Threshold(name, "*", float(name)) for name in names]
    return [_judgement(verdict) for verdict in judge_rows(rows, thresholds, (), noise_floor=0.0)]


@lru_cache(maxsize=64)
def base_unit(word: str) -> str:
    """`seconds` for any word for a time, `bytes` for one of size, else the word itself; ratios have no unit."""
    for unit in (SECONDS, BYTES):
        try:
            parse_quantity(f"1 {word}", unit)
        except ValueError:
            continue
        return unit if word else ""
    return word


def _judgement(verdict: Verdict) -> Judgement:
    row = verdict.comparison
    if row is None:
        raise TypeError("a verdict without its comparison")
    known = verdict.outcome in (Outcome.REGRESSED, Outcome.IMPROVED, Outcome.PASSED)
    return Judgement(
        verdict=verdict.outcome if known else Outcome.INCONCLUSIVE,
        ratio=row.ratio,
        low=row.low,
        high=row.high,
        confidence=row.confidence,
        p=row.p,
        detectable=row.detectable,
        effect=math.nan if verdict.effect is None else verdict.effect,
        reason=verdict.reason,
        warnings=row.warnings,
    )


def _measurement(row: BenchmarkId, metric: Metric, side: Values, name: str) -> Measurement:
    if isinstance(side, Summary):
        return Measurement(row, metric, (), _NOWHERE, name, side)
    if isinstance(side, Mapping):
        return Measurement(row, metric, (), _NOWHERE, name, _summary(side, name))
    runs = (Run(values, number, 0.0) for number, values in enumerate(_processes(side, name)))
    return Measurement(row, metric, tuple(runs), _NOWHERE, name)


def _processes(
    side: Sequence[float | None] | Sequence[Sequence[float | None]], name: str
) -> list[tuple[float, ...]]:
    """The values by process; a missing one is NaN."""
    if isinstance(side, str | bytes) or not isinstance(side, Iterable):
        raise UsageError(
            f"{name} is no list of values", "give a list of numbers, or a list of them by process"
        )
    entries = list(side)
    nested = [entry for entry in entries if isinstance(entry, Iterable)]
    try:
        if nested and len(nested) < len(entries):
            raise UsageError(f"{name} mixes numbers and lists", "give all values by process, or none")
        if nested or not entries:
            return [_numbers(process) for process in nested]
        return [_numbers(entries)]
    except (TypeError, ValueError, OverflowError):
        raise UsageError(
            f"{name} holds something that is no number", "give numbers, null for a missing one"
        ) from None


def _numbers(values: Iterable[object]) -> tuple[float, ...]:
    if isinstance(values, str | bytes):
        raise TypeError
    return tuple([math.nan if value is None else float(value) for value in values])  # type: ignore[arg-type]


def _summary(stored: Mapping[str, object], name: str) -> Summary:
    """A summary from the names that files use: `n`, `ci99` and so on. What is null or unknown is left out."""
    found: dict[str, float | int] = {}
    for key, value in stored.items():
        place = _SUMMARY_NAMES.get(key, key)
        if key == "ci99" and isinstance(value, Sequence) and len(value) == 2:
            found |= {
                bound: number
                for bound, number in zip(("low", "high"), value, strict=True)
                if number is not None
            }
        elif place in _SUMMARY_FIELDS and value is not None:
            found[place] = value  # type: ignore[assignment]
    if not all(isinstance(value, int | float) for value in found.values()):
        raise UsageError(
            f"{name} is a summary with something that is no number", "give numbers, null for a missing one"
        )
    if not {"median", "mean"} & found.keys():
        raise UsageError(f"{name} is a summary without a centre", "give 'median' or 'mean'")
    summary = Summary(**found)  # type: ignore[arg-type]
    if fault := _fault(summary):
        raise UsageError(f"{name} is a summary whose {fault}", "give what was measured")
    return summary


def _fault(summary: Summary) -> str:
    """What cannot be so in any summary; empty where nothing is wrong with it."""
    pairs = (
        ("ci99", summary.low, summary.high),
        ("quartiles", summary.q25, summary.q75),
        ("min and max", summary.minimum, summary.maximum),
    )
    if summary.count is not None and not 0 < summary.count < _TOO_MANY:
        return "n is no number of samples"
    if summary.stddev is not None and summary.stddev < 0:
        return "stddev is negative"
    disordered = (what for what, low, high in pairs if low is not None and high is not None and low > high)
    return next((f"{what} are the wrong way round" for what in disordered), "")


def _better(word: str) -> Better:
    try:
        return Better(word)
    except ValueError:
        raise UsageError(f"'better' is {word!r}", "give lower, higher or none") from None
