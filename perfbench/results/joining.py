"""Several result files as one: the sides of the same label together, and all runs of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from perfbench.errors import UsageError
from perfbench.model import BenchmarkId, Environment, Measurement, Metric, Outcome, Run
from perfbench.results.result_file import Header, ResultFile, RowOutcome

Key = tuple[BenchmarkId, Metric]
Incompatibility = Callable[[Environment, Environment], list[str]]
"""Why figures of two environments cannot be told together, a sentence each."""


@dataclass(frozen=True, slots=True)
class Named:
    """A result file, and what the user called it."""

    name: str
    file: ResultFile


def join(named: Sequence[Named], incompatibility: Incompatibility) -> ResultFile:
    """All of them as one file.

    A row that several files have gets the runs of all, the rounds of each file after those of the one before,
    so that base and head of one file stay paired; its commit and environment are the first one's. Raises
    UsageError where one row was measured on different hardware or at different commits.
    """
    if len(named) == 1:
        return named[0].file
    joined: dict[str, dict[Key, Measurement]] = {}
    origins: dict[tuple[str, Key], str] = {}
    offset = 0
    for each in named:
        for label, measurements in each.file.sides.items():
            rows = joined.setdefault(label, {})
            for measurement in measurements:
                key = (measurement.benchmark, measurement.metric)
                later = _later(measurement, offset)
                if key in rows:
                    _refuse_different(rows[key], later, (origins[label, key], each.name), incompatibility)
                    later = _together(rows[key], later)
                else:
                    origins[label, key] = each.name
                rows[key] = later
        offset += 1 + max(_rounds(each.file), default=-1)
    files = [each.file for each in named]
    return ResultFile(
        header=_header(files),
        sides={label: tuple(rows.values()) for label, rows in joined.items()},
        outcomes=tuple(_outcomes(files, joined)),
        problems=tuple(problem for file in files for problem in file.problems),
        complete=all(file.complete for file in files),
        seconds=sum(file.seconds or 0.0 for file in files) or None,
    )


def only(file: ResultFile, label: str) -> ResultFile:
    """That side of a file alone. Raises UsageError where it has no such side."""
    if label not in file.header.sides:
        raise UsageError(
            f"there is no side {label!r}", f"there is {', '.join(map(repr, file.header.sides)) or 'none'}"
        )
    return replace(
        file,
        header=replace(file.header, sides={label: file.header.sides[label]}),
        sides={label: file.side(label)},
        outcomes=tuple(replace(ended, sides=(label,)) for ended in file.outcomes if label in ended.sides),
    )


def _header(files: Sequence[ResultFile]) -> Header:
    sides = {label: side for file in reversed(files) for label, side in file.header.sides.items()}
    created = min((file.header.created for file in files if file.header.created), default=0.0)
    return replace(files[0].header, created=created, sides=sides, arguments=())


def _outcomes(files: Sequence[ResultFile], joined: dict[str, dict[Key, Measurement]]) -> Iterator[RowOutcome]:
    """One of each; a row that gave values in another file has not ended without."""
    given = {(label, benchmark) for label, rows in joined.items() for benchmark, _ in rows}
    seen: set[tuple[BenchmarkId, Outcome, tuple[str, ...]]] = set()
    for file in files:
        for ended in file.outcomes:
            sides = tuple(label for label in ended.sides if (label, ended.benchmark) not in given)
            key = (ended.benchmark, ended.outcome, sides)
            if sides and key not in seen:
                seen.add(key)
                yield replace(ended, sides=sides)


def _rounds(file: ResultFile) -> Iterator[int]:
    return (run.round for rows in file.sides.values() for row in rows for run in row.runs)


def _later(measurement: Measurement, offset: int) -> Measurement:
    runs = tuple(_at(run, run.round + offset) for run in measurement.runs)
    return replace(measurement, runs=runs)


def _at(run: Run, number: int) -> Run:
    return replace(run, round=number)


def _together(first: Measurement, second: Measurement) -> Measurement:
    """The runs of both; summaries do not add up, the first one stays where there are no runs."""
    runs = (*first.runs, *second.runs)
    return replace(first, runs=runs, summary=None if runs else first.summary)


def _refuse_different(
    first: Measurement, second: Measurement, names: tuple[str, str], incompatibility: Incompatibility
) -> None:
    one, two = first.environment, second.environment
    reasons = incompatibility(one, two)
    if one.commit and two.commit and one.commit != two.commit:
        reasons.append(f"the commit differs: {one.commit[:12]} and {two.commit[:12]}")
    if reasons:
        raise UsageError(
            f"{names[0]} and {names[1]} both hold {first.benchmark}, but {reasons[0]}", "convert them apart"
        )
