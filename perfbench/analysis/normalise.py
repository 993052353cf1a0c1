"""Comparisons across different hardware, each divided by what the control did there.

The control is fixed work: how much longer it takes on one machine than on the other is how much slower that
machine is, for work like the control's. Rows that wait for a disk or a kernel are not like it, so this is
done only on request, and said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from perfbench.model import Comparison, Metric, Outcome, Verdict
from perfbench.units import SECONDS, format_interval, format_ratio


@dataclass(frozen=True, slots=True)
class Across:
    """Comparisons across different hardware: what can be judged, normalised, and what cannot, with its reason."""

    normalised: tuple[Comparison, ...]
    incomparable: tuple[Verdict, ...]


def across(
    rows: Sequence[Comparison],
    hard: Sequence[str],
    control: Comparison | None,
    *,
    same_architecture: bool,
    asked: bool,
) -> Across:
    """Sort comparisons across the differences `hard` (sentences).

    Nothing is comparable unless normalising was `asked` for, both sides hold the control, their processors are
    of the same architecture, and the row is a time.
    """
    fit: list[Comparison] = []
    verdicts: list[Verdict] = []
    for row in rows:
        why = _obstacle(row.metric, control, same_architecture=same_architecture) if asked else ""
        if asked and control is not None and not why:
            fit.append(normalised(row, control, hard))
        else:
            reason = "; ".join(filter(None, (*hard, why)))
            verdicts.append(Verdict(row.benchmark, row.metric, Outcome.INCOMPARABLE, "", reason, row))
    return Across(tuple(fit), tuple(verdicts))


def _obstacle(metric: Metric, control: Comparison | None, *, same_architecture: bool) -> str:
    if not same_architecture:
        return "not normalised: the architectures differ, or one is not known"
    if control is None or not 0 < control.ratio < math.inf:
        return "not normalised: not both hold the control"
    if metric.unit != SECONDS:
        return "not normalised: the control tells nothing of what is no time"
    return ""


def normalised(row: Comparison, control: Comparison, hard: Sequence[str] = ()) -> Comparison:
    """The comparison with its ratio divided by the control's, and its interval widened by the control's.

    The bounds hold together wherever both intervals hold (Bonferroni), which is the level that is given. What
    p was is lost with it, and the evidence: an interval that excludes 1 has a p of at most 1 minus its level,
    any other 1.
    """
    ratio, confidence = row.ratio / control.ratio, max(0.0, row.confidence + control.confidence - 1.0)
    low = row.low / control.high if control.high > 0 else math.nan
    high = row.high / control.low if control.low > 0 else math.inf
    p = 1.0 - confidence if low > 1.0 or high < 1.0 else 1.0
    return replace(
        row,
        ratio=ratio,
        low=low,
        high=high,
        confidence=confidence,
        p=p,
        p_adjusted=p,
        detectable=max(ratio / low, high / ratio) - 1.0 if low > 0 else math.inf,
        warnings=(*row.warnings, _summary(control, hard)),
        evidence=(),
    )


def _summary(control: Comparison, hard: Sequence[str]) -> str:
    moved = f"{format_ratio(control.ratio)} ({format_interval(control.low, control.high)} %)"
    why = "; ".join(hard) or "the machines differ"
    return f"times are normalised by the control, which moved by {moved}: {why}"


def said(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts with the fact that they are normalised in their reasons."""
    word = "normalised by the control"
    return tuple(
        replace(verdict, reason=f"{verdict.reason}; {word}" if verdict.reason else word)
        for verdict in verdicts
    )
