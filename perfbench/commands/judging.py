"""The lines of `perfbench judge`: read, judged and written one by one, or together as one family."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import msgspec

from perfbench.analysis.judging import Judgement, compare_values, judge_family
from perfbench.commands.json_lines import TOO_LONG, lines_of
from perfbench.errors import ExitCode, PerfbenchError, UsageError
from perfbench.model import Better, Comparison, Outcome
from perfbench.results.json_text import MalformedError, decode_text, parse
from perfbench.units import SECONDS, parse_ratio

Id = str | int | float | None
_Side = list[list[float | None] | float | None] | dict[str, object]


class _Line(msgspec.Struct, frozen=True):
    """One line as a user writes it; other keys than these are named in a warning."""

    a: _Side
    b: _Side
    id: Id = None
    unit: str = SECONDS
    better: str = Better.LOWER.value
    threshold: str | float | None = None
    paired: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """What became of one line: its comparison, or the sentence that says why there is none."""

    id: Id
    comparison: Comparison | None
    error: str = ""
    unknown: tuple[str, ...] = ()


def judge_lines(
    file: IO[bytes], output: IO[bytes], threshold: float, *, family: bool, strict: bool
) -> ExitCode:
    """Judge every line of `file` and write the answers to `output`; the exit code is that of the house.

    Memory is that of one line, or with `family` that of all comparisons, which are judged after the last one.
    Raises UsageError at the end where lines could not be judged: what is wrong with each stands in its answer.
    """
    rows = (_row(line, threshold) for line in lines_of(file))
    outcomes: set[Outcome] = set()
    lines = errors = 0
    for row, judgement in _as_family(rows) if family else _alone(rows):
        output.write(msgspec.json.encode(_answer(row, judgement)) + b"\n")
        output.flush()
        lines += 1
        errors += judgement is None
        if judgement is not None:
            outcomes.add(judgement.verdict)
    if errors:
        raise UsageError(f"{errors} of {lines} lines could not be judged", "their answers say why")
    return _exit_code(outcomes, strict=strict)


def share(limit: str | float) -> float:
    """`"5 %"` and 0.05 are 0.05. Raises UsageError for what is no limit."""
    try:
        found = parse_ratio(limit)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if found < 0 or (found >= 1 and not f"{limit}".rstrip().endswith("%")):
        raise UsageError(
            f"the threshold {limit} is no share of 1", f"write '{limit} %'" if found >= 1 else ""
        )
    return found


def _exit_code(outcomes: set[Outcome], *, strict: bool) -> ExitCode:
    if not outcomes:
        raise UsageError("there is no line to judge", 'write {"id": "x", "a": [[1.0]], "b": [[1.0]]}')
    if Outcome.REGRESSED in outcomes:
        return ExitCode.REGRESSED
    return ExitCode.UNDECIDED if strict and Outcome.INCONCLUSIVE in outcomes else ExitCode.PASSED


def _alone(rows: Iterator[_Row]) -> Iterator[tuple[_Row, Judgement | None]]:
    for row in rows:
        yield row, judge_family([row.comparison])[0] if row.comparison is not None else None


def _as_family(rows: Iterator[_Row]) -> Iterator[tuple[_Row, Judgement | None]]:
    every = list(rows)
    judged = iter(judge_family([row.comparison for row in every if row.comparison is not None]))
    for row in every:
        yield row, next(judged) if row.comparison is not None else None


def _row(line: bytes | None, threshold: float) -> _Row:
    identity: Id = None
    try:
        if line is None:
            raise UsageError(TOO_LONG, "give fewer values")
        value = parse(decode_text(line)).value
        if not isinstance(value, dict):
            raise UsageError("the line is no JSON object", 'write {"id", "a", "b"}')
        identity = found if isinstance(found := value.get("id"), str | int | float) else None
        read = msgspec.convert(value, _Line)
        comparison = compare_values(
            read.a,  # type: ignore[arg-type]
            read.b,  # type: ignore[arg-type]
            unit=read.unit,
            better=read.better,
            threshold=threshold if read.threshold is None else share(read.threshold),
            paired=read.paired,
        )
    except MalformedError as error:
        return _Row(identity, None, f"the line {error.message}")
    except msgspec.ValidationError as error:
        return _Row(identity, None, f"the line does not fit: {error}")
    except PerfbenchError as error:
        return _Row(identity, None, str(error))
    return _Row(
        identity, comparison, unknown=tuple(key for key in value if key not in _Line.__struct_fields__)
    )


def _answer(row: _Row, judgement: Judgement | None) -> dict[str, object]:
    """What is written; JSON knows neither NaN nor infinities, which become null."""
    if judgement is None:
        return {"id": row.id, "error": row.error}
    warnings = [f"the key {key!r} is unknown and was not used" for key in row.unknown]
    return {
        "id": row.id,
        "verdict": judgement.verdict.value,
        "ratio": judgement.ratio,
        "low": judgement.low,
        "high": judgement.high,
        "confidence": judgement.confidence,
        "p": judgement.p,
        "detectable": judgement.detectable,
        "effect": judgement.effect,
        "reason": judgement.reason,
        "warnings": [*judgement.warnings, *warnings],
    }
