"""Judging what is stored: two result files, or the two sides of one, by the rules of a live check."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from perfbench.analysis.comparison import compare
from perfbench.analysis.exits import exit_code
from perfbench.analysis.judge import judge, judge_alone
from perfbench.analysis.noise import noise_floor
from perfbench.commands.reporting import Draft, Outputs, publish
from perfbench.config import THRESHOLDS_FILE, Thresholds, load_project, load_thresholds
from perfbench.environment import differences, incompatibility
from perfbench.errors import ExitCode, UsageError
from perfbench.measure.discovery import CONTROL
from perfbench.measure.repository import opened, top_of
from perfbench.model import BenchmarkId, Measurement, Metric, Outcome, SideSummary, Verdict
from perfbench.results import runs
from perfbench.results.reading import read_any
from perfbench.results.result_file import HEAD, ResultFile, RowOutcome, SideHeader

Key = tuple[str, tuple[tuple[str, str], ...], str]
"""What makes two rows the same one: name, params and metric. The suite's name may differ by format."""


@dataclass(frozen=True, slots=True)
class StoredSide:
    """One side of one file; `name` is what the user called the file."""

    file: ResultFile
    label: str
    name: str

    @property
    def header(self) -> SideHeader:
        return self.file.header.sides[self.label]

    @property
    def rows(self) -> Mapping[Key, Measurement]:
        """What it measured, the control apart."""
        found = self.file.sides.get(self.label, ())
        return {_key(row.benchmark, row.metric): row for row in found if not _is_control(row)}

    @property
    def control(self) -> Measurement | None:
        return next(filter(_is_control, self.file.sides.get(self.label, ())), None)

    @property
    def outcomes(self) -> Mapping[BenchmarkId, RowOutcome]:
        """The rows that gave no values on this side, and why."""
        return {found.benchmark: found for found in self.file.outcomes if self.label in found.sides}

    def summary(self, label: str) -> SideSummary:
        """How a report names it."""
        header = self.header
        return SideSummary(label, header.revision or self.name, header.commit, header.dirty)


def compare_files(
    base: str, head: str | None, *, markdown: Path | None, json: Path | None, strict: bool
) -> ExitCode:
    """Judge, report, and return the exit code. Raises UsageError for files that cannot be compared."""
    outputs = Outputs(markdown, json)
    root = _root()
    left, right = _sides(base, head, root)
    thresholds = load_thresholds(root / load_project(root).baselines / THRESHOLDS_FILE)
    noise = _noise(left, right)
    verdicts = tuple(_verdicts(left, right, thresholds, noise or 0.0))
    code = exit_code(verdicts, strict=strict)
    draft = Draft(
        title="compare",
        base=left.summary("base"),
        head=right.summary("head"),
        environment=right.header.environment,
        warnings=tuple(_warnings(left, right)),
        started=time.time(),
    )
    publish(draft.finish(verdicts, exit_code=code, noise_floor=noise), outputs)
    return code


def _sides(base: str, head: str | None, root: Path) -> tuple[StoredSide, StoredSide]:
    left = _read(base, root)
    if head is None:
        labels = list(left.header.sides)
        if len(labels) != 2:
            raise UsageError(f"{base} holds one side only", "name a second file to compare it with")
        return StoredSide(left, labels[0], base), StoredSide(left, labels[1], base)
    right = _read(head, root)
    return StoredSide(left, _main_side(left), base), StoredSide(right, _main_side(right), head)


def _main_side(file: ResultFile) -> str:
    return HEAD if HEAD in file.header.sides else next(iter(file.header.sides))


def _read(name: str, root: Path) -> ResultFile:
    path = runs.resolve(name, root)
    result = read_any(path)
    if not any(result.sides.values()):
        problem = f": {result.problems[0].message}" if result.problems else ""
        raise UsageError(f"{path} holds no measurement{problem}", "name a run that measured something")
    return result


def _root() -> Path:
    """The top of the repository around us, or this folder: files can be compared anywhere."""
    try:
        with opened(Path.cwd()) as repo:
            return top_of(repo)
    except UsageError:
        return Path.cwd()


def _noise(left: StoredSide, right: StoredSide) -> float | None:
    """The noise floor of a job; none where the two sides were measured in different ones."""
    if left.file is not right.file or left.control is None or right.control is None:
        return None
    return noise_floor([compare(left.control, right.control)])


def _verdicts(left: StoredSide, right: StoredSide, thresholds: Thresholds, noise: float) -> Iterator[Verdict]:
    base, head, outcomes = left.rows, right.rows, right.outcomes
    pairs = [compare(base[key], found) for key, found in head.items() if key in base]
    if hard := incompatibility(left.header.environment, right.header.environment):
        reason = "; ".join(hard)
        for pair in pairs:
            yield Verdict(pair.benchmark, pair.metric, Outcome.INCOMPARABLE, "", reason, pair)
    else:
        yield from judge(pairs, thresholds.thresholds, thresholds.budgets, noise_floor=noise)
    new = [found for key, found in head.items() if key not in base]
    yield from judge_alone(new, thresholds.budgets, outcome=Outcome.NEW, reason=f"not in {left.name}")
    for key, found in base.items():
        if key not in head and found.benchmark not in outcomes:
            yield Verdict(found.benchmark, found.metric, Outcome.MISSING, "", f"not in {right.name}")
    measured = {found.benchmark for found in head.values()}
    for benchmark, ended in outcomes.items():
        if benchmark not in measured:
            yield Verdict(benchmark, None, ended.outcome, "", ended.reason, sides=ended.sides)


def _warnings(left: StoredSide, right: StoredSide) -> Iterator[str]:
    for side in {id(side.file): side for side in (left, right)}.values():
        for problem in side.file.problems:
            yield f"{side.name}: {problem.message}"
        if not side.file.complete:
            yield f"{side.name} was not finished: it holds the rounds before that"
    yield from differences(left.header.environment, right.header.environment)


def _key(benchmark: BenchmarkId, metric: Metric) -> Key:
    return benchmark.name, benchmark.params, metric.name


def _is_control(row: Measurement) -> bool:
    return row.benchmark.name == CONTROL.benchmark.name
