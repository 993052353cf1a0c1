"""Judging what is stored: two result files, or the two sides of one, by the rules of a live check."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.acceptances import ACCEPTED_FILE, load_acceptances, utc_day
from perfbench.analysis.acceptance import accept
from perfbench.analysis.comparison import compare, own_median
from perfbench.analysis.executions import are_executions, compare_executions
from perfbench.analysis.exits import exit_code
from perfbench.analysis.judge import judge, judge_alone
from perfbench.analysis.noise import noise_floor, with_twin
from perfbench.analysis.patterns import fits
from perfbench.analysis.sequential import shares
from perfbench.analysis.tails import tail_comparisons
from perfbench.analysis.whole_run import beside_the_rest
from perfbench.commands.outputs import Outputs
from perfbench.commands.reporting import Draft, publish
from perfbench.config import THRESHOLDS_FILE, Thresholds, load_project, load_thresholds
from perfbench.environment import differences, incompatibility, same_architecture
from perfbench.errors import ExitCode, UsageError
from perfbench.measure.labels import CONTROL_ID, TWIN
from perfbench.model import (
    Acceptance,
    BenchmarkId,
    Comparison,
    Finding,
    Measurement,
    Metric,
    Outcome,
    Problem,
    SideSummary,
    Verdict,
)
from perfbench.results import runs
from perfbench.results.reading import read_any
from perfbench.results.result_file import HEAD, ResultFile, RowOutcome, SideHeader

if TYPE_CHECKING:
    from perfbench.analysis.renames import Trace
    from perfbench.analysis.stored_noise import NoiseByRow
    from perfbench.config_harness import Check

BASELINE_SUFFIX = ".jsonl"
"""Only files that end so have a history beside them."""

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
    def twins(self) -> Mapping[Key, Measurement]:
        """The A/A arms of its rows, by row."""
        return {_key(row.benchmark, row.metric): row for row in self.file.sides.get(TWIN, ())}

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


@dataclass(frozen=True, slots=True)
class Rules:
    """What two stored sides are judged by.

    `noise` is what rows showed from one stored run to the next; `normalise` asks for comparisons across
    different hardware, divided by what the control did there.
    """

    thresholds: Thresholds
    acceptances: tuple[Acceptance, ...] = ()
    noise: NoiseByRow = field(default_factory=dict)
    normalise: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of two stored sides. `noise_floor` is None where two jobs measured them, neither a baseline."""

    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    noise_floor: float | None
    warnings: tuple[str, ...] = ()


def compare_files(
    base: str, head: str | None, *, outputs: Outputs, strict: bool, normalise: bool
) -> ExitCode:
    """Judge, report, and return the exit code. Raises UsageError for files that cannot be compared."""
    root = _root()
    left, right = _sides(base, head, root)
    rules = rules_of(root, noise=_noise_beside(runs.resolve_part(base, root)[0], left), normalise=normalise)
    judged = judge_sides(left, right, rules)
    config = load_project(root)
    said_by_rules, fault = _answers(config.checks, root, left, right, judged) if config.checks else ((), None)
    findings = (*judged.findings, *said_by_rules)
    code = exit_code(judged.verdicts, strict=strict, findings=findings)
    if fault:
        code = fault.exit_code
    draft = Draft(
        title="compare",
        base=left.summary("base"),
        head=right.summary("head"),
        environment=right.header.environment,
        warnings=(*_warnings(left, right), *judged.warnings),
        started=time.time(),
        findings=findings,
        rules_folder=config.baselines,
    )
    publish(draft.finish(judged.verdicts, exit_code=code, noise_floor=judged.noise_floor), outputs)
    if fault:
        raise fault
    return code


def _answers(
    checks: Sequence[Check], root: Path, left: StoredSide, right: StoredSide, judged: Judged
) -> tuple[tuple[Finding, ...], UsageError | None]:
    """What a user's own rules find in the two sides, and the first rule that could not be asked."""
    from perfbench.commands.checks import ask, judged_rows  # noqa: PLC0415  (12 ms, and few have rules)
    from perfbench.judged import Results  # noqa: PLC0415

    rows = judged_rows(judged.verdicts, list(left.rows.values()), list(right.rows.values()))
    base, head = left.summary("base"), right.summary("head")
    shown = Results("compare", base, head, rows, right.header.environment, judged.noise_floor)
    answers = ask(checks, root, shown)
    return answers.findings, answers.fault


def rules_of(root: Path, *, noise: NoiseByRow, normalise: bool = False) -> Rules:
    """The rules that stand in the files of the project at `root`. Raises ConfigError for a file that is wrong."""
    folder = root / load_project(root).baselines
    return Rules(
        load_thresholds(folder / THRESHOLDS_FILE), load_acceptances(folder / ACCEPTED_FILE), noise, normalise
    )


def judge_sides(left: StoredSide, right: StoredSide, rules: Rules) -> Judged:
    """Judge the right side against the left one, and what regressed by what was accepted."""
    control = None
    if left.control is not None and right.control is not None:
        control = compare(left.control, right.control)
    alike = left.file is right.file or bool(rules.noise)
    noise = noise_floor(control) if control is not None and alike else None
    verdicts = tuple(_verdicts(left, right, rules, control, noise or 0.0))
    accepted, findings = accept(
        _renamed(left, right, verdicts),
        rules.acceptances,
        utc_day(time.time()),
        budgets=rules.thresholds.budgets,
    )
    return Judged(accepted, findings, noise, tuple(_unfitting(accepted, rules.acceptances)))


def _sides(base: str, head: str | None, root: Path) -> tuple[StoredSide, StoredSide]:
    if head is None:
        return two_sides(base, root)
    left, right = _read(base, root), _read(head, root)
    return StoredSide(left, _main_side(left), base), StoredSide(right, _main_side(right), head)


def two_sides(name: str, root: Path) -> tuple[StoredSide, StoredSide]:
    """Base and head of a file that holds both. Raises UsageError where it does not."""
    file = _read(name, root)
    labels = [label for label in file.header.sides if label != TWIN]
    if len(labels) != 2:
        raise UsageError(f"{name} holds one side only", "name a second one to compare it with")
    return StoredSide(file, labels[0], name), StoredSide(file, labels[1], name)


def _main_side(file: ResultFile) -> str:
    return HEAD if HEAD in file.header.sides else next(iter(file.header.sides))


def _read(name: str, root: Path) -> ResultFile:
    path, part = runs.resolve_part(name, root)
    result = read_any(path, part)
    if not any(result.sides.values()):
        problem = f": {result.problems[0].message}" if result.problems and not result.outcomes else ""
        raise UsageError(f"{name} holds no measurement{problem}", "name a run that measured something")
    return result


def _root() -> Path:
    """The top of the repository around us, or this folder: files can be compared anywhere."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def _noise_beside(base: Path, left: StoredSide) -> NoiseByRow:
    """What a baseline's history tells of its rows; nothing for a file that has none beside it."""
    if base.suffix != BASELINE_SUFFIX:
        return {}
    from perfbench.commands.night_noise import noise_of  # noqa: PLC0415  (few files are baselines)
    from perfbench.results import stored_history  # noqa: PLC0415

    history = stored_history.beside(base)
    return noise_of(stored_history.read(history), left.file.sides[left.label]) if history.exists() else {}


def _verdicts(
    left: StoredSide, right: StoredSide, rules: Rules, control: Comparison | None, noise: float
) -> Iterator[Verdict]:
    base, head, outcomes = left.rows, right.rows, right.outcomes
    thresholds = rules.thresholds
    one_job = left.file is right.file
    shared = [(base[key], found) for key, found in head.items() if key in base]
    twins = left.twins if one_job else {}
    compared = [
        with_twin(_compare(before, after, one_job), before, twins.get(_key(before.benchmark, before.metric)))
        for before, after in shared
    ]
    for sides in shared:
        compared += tail_comparisons(*sides, thresholds.thresholds, thresholds.budgets)
    changed = _changed(left, right)
    for pair in compared:
        if pair.benchmark.name in changed:
            reason = "the benchmark itself has changed"
            yield Verdict(pair.benchmark, pair.metric, Outcome.INCOMPARABLE, "", reason, pair)
    pairs = beside_the_rest([pair for pair in compared if pair.benchmark.name not in changed])
    if rules.noise:
        from perfbench.analysis.stored_noise import with_noise  # noqa: PLC0415  (baselines alone have some)

        pairs = with_noise(pairs, rules.noise)
    if hard := incompatibility(left.header.environment, right.header.environment):
        from perfbench.analysis.normalise import across, said  # noqa: PLC0415  (most machines are alike)

        alike = same_architecture(left.header.environment, right.header.environment)
        apart = across(pairs, hard, control, same_architecture=alike, asked=rules.normalise)
        yield from apart.incomparable
        yield from said(judge(apart.normalised, thresholds.thresholds, thresholds.budgets, noise_floor=0.0))
    else:
        limits = (thresholds.thresholds, thresholds.budgets)
        spent = shares(pairs) if one_job else None
        yield from judge(pairs, *limits, noise_floor=noise, control=control, shares=spent)
    new = [found for key, found in head.items() if key not in base]
    yield from judge_alone(new, thresholds.budgets, outcome=Outcome.NEW, reason=f"not in {left.name}")
    for key, found in base.items():
        if key not in head and found.benchmark not in outcomes:
            yield Verdict(found.benchmark, found.metric, Outcome.MISSING, "", f"not in {right.name}")
    measured = {found.benchmark for found in head.values()}
    for benchmark, ended in outcomes.items():
        if benchmark not in measured:
            yield Verdict(benchmark, None, ended.outcome, "", ended.reason, sides=_ended_on(ended, left))


def _ended_on(ended: RowOutcome, left: StoredSide) -> tuple[str, ...]:
    """Where a row of head ended so, as a report calls the sides: each file has names of its own for them."""
    before = left.outcomes.get(ended.benchmark)
    return ("base", HEAD) if before is not None and before.outcome is ended.outcome else (HEAD,)


def _changed(left: StoredSide, right: StoredSide) -> set[str]:
    """The benchmarks whose own code is not the same on both sides, as far as the files tell."""
    before = left.file.versions
    return {name for name, version in right.file.versions.items() if before.get(name, version) != version}


def _compare(base: Measurement, head: Measurement, one_job: bool) -> Comparison:
    """The two as the job that took them has compared them; a harness's are whole executions."""
    if one_job:
        return compare_executions(base, head) if are_executions(base, head) else compare(base, head)
    # One process of another tool has no round, though both may have begun in the same second.
    return compare(base, head, paired=False if len(base.runs) == len(head.runs) == 1 else None)


def _renamed(left: StoredSide, right: StoredSide, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """The verdicts with what vanished rows have probably become; where none has, just as they are."""
    if not any(verdict.outcome is Outcome.MISSING for verdict in verdicts):
        return verdicts
    from perfbench.analysis.renames import with_renames  # noqa: PLC0415  (few rows vanish)

    return with_renames(verdicts, *_traces(left, right, verdicts))


def _traces(
    left: StoredSide, right: StoredSide, verdicts: Sequence[Verdict]
) -> tuple[list[Trace], list[Trace]]:
    """What vanished and what is new, each with its median."""
    from perfbench.analysis.renames import Trace  # noqa: PLC0415

    gone = {verdict.benchmark for verdict in verdicts if verdict.outcome is Outcome.MISSING}
    return (
        [
            Trace(row.benchmark, row.metric, own_median(row).estimate, _version(left, row.benchmark))
            for row in left.rows.values()
            if row.benchmark in gone
        ],
        [
            Trace(verdict.benchmark, verdict.metric, verdict.value, _version(right, verdict.benchmark))
            for verdict in verdicts
            if verdict.outcome is Outcome.NEW and verdict.metric is not None and verdict.value is not None
        ],
    )


def _version(side: StoredSide, benchmark: BenchmarkId) -> str:
    return side.file.versions.get(benchmark.name, "")


def _unfitting(verdicts: Sequence[Verdict], acceptances: Sequence[Acceptance]) -> Iterator[str]:
    """A note on each acceptance that may be about rows of other files: no finding."""
    for entry in acceptances:
        if not any(fits(entry.pattern, verdict.benchmark) for verdict in verdicts):
            yield f"{entry.origin}: the acceptance of {entry.pattern!r} fits no row of these files"


def _warnings(left: StoredSide, right: StoredSide) -> Iterator[str]:
    for side in {id(side.file): side for side in (left, right)}.values():
        for problem in side.file.problems:
            yield f"{_place(side, problem)}: {problem.message}"
        if not side.file.complete:
            yield f"{side.name} was not finished: it holds the rounds before that"
    yield from differences(left.header.environment, right.header.environment)


def _place(side: StoredSide, problem: Problem) -> str:
    """Where a problem stands: in what the user named or, of a folder, in one file of it."""
    is_folder = Path(side.name).is_dir() or Path(side.name.rpartition("@")[0] or side.name).is_dir()
    path = problem.path if is_folder else side.name
    return f"{path}:{problem.line}" if problem.line else path


def _key(benchmark: BenchmarkId, metric: Metric) -> Key:
    return benchmark.name, benchmark.params, metric.name


def _is_control(row: Measurement) -> bool:
    return row.benchmark.name == CONTROL_ID.name
