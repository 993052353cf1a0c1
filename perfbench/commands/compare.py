"""`perfbench compare`: judge one result file against another, or the two sides of one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perfbench.commands.options import reporting
from perfbench.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from perfbench.commands.reporting import Draft
    from perfbench.config import Thresholds
    from perfbench.model import BenchmarkId, Measurement, SideSummary, Verdict
    from perfbench.results.result_file import ResultFile, RowOutcome

CONTROL = "perfbench.control"


@click.command()
@click.argument("base", metavar="BASE")
@click.argument("head", metavar="[HEAD]", required=False)
@reporting
def command(base: str, head: str | None, markdown: Path | None, json: Path | None, strict: bool) -> ExitCode:
    """Judge HEAD against BASE by the same rules as `check`.

    Both are result files (perfbench's own, pyperf's), or `@last` for the last run here. BASE alone, with
    two sides in it, is judged again by the thresholds of today.
    """
    from perfbench.analysis.exits import exit_code  # noqa: PLC0415
    from perfbench.commands.reporting import Outputs, publish  # noqa: PLC0415

    outputs = Outputs(markdown, json)
    left, right = _sides(base, head)
    verdicts, noise = _judge(left, right, _thresholds())
    code = exit_code(verdicts, strict=strict)
    draft = _draft(left, right)
    publish(draft.finish(verdicts, exit_code=code, noise_floor=noise), outputs)
    return code


class _Side:
    """One side of one file."""

    def __init__(self, file: ResultFile, label: str, name: str) -> None:
        self.file = file
        self.label = label
        self.name = name
        self.header = file.header.sides[label]
        self.rows: Mapping[BenchmarkId, Measurement] = {
            found.benchmark: found for found in file.sides.get(label, ())
        }
        self.outcomes: Mapping[BenchmarkId, RowOutcome] = {
            found.benchmark: found for found in file.outcomes if label in found.sides
        }

    def summary(self, label: str) -> SideSummary:
        from perfbench.model import SideSummary  # noqa: PLC0415

        return SideSummary(label, self.header.revision or self.name, self.header.commit, self.header.dirty)


def _sides(base: str, head: str | None) -> tuple[_Side, _Side]:
    """The two sides to compare. Raises UsageError for files that hold too few."""
    from perfbench.results.result_file import HEAD  # noqa: PLC0415

    left = _read(base)
    if head is None:
        if len(left.header.sides) != 2:
            raise UsageError(f"{base} holds one side only", "name a second file to compare with")
        return _Side(left, next(iter(left.header.sides)), base), _Side(left, HEAD, base)
    right = _read(head)
    return tuple(
        _Side(file, HEAD if HEAD in file.header.sides else next(iter(file.header.sides)), name)
        for file, name in ((left, base), (right, head))
    )  # type: ignore[return-value]


def _read(name: str) -> ResultFile:
    from perfbench.results import runs  # noqa: PLC0415
    from perfbench.results.reading import read_any  # noqa: PLC0415

    path = runs.resolve(name, _root())
    result = read_any(path)
    if not any(result.sides.values()):
        problem = f": {result.problems[0].message}" if result.problems else ""
        raise UsageError(f"{path} holds no measurement{problem}", "name a run that measured something")
    return result


def _root() -> Path:
    """The top of the repository around us, or this folder: results can be compared anywhere."""
    from perfbench.measure.repository import opened, top_of  # noqa: PLC0415

    try:
        with opened(Path.cwd()) as repo:
            return top_of(repo)
    except UsageError:
        return Path.cwd()


def _thresholds() -> Thresholds:
    from perfbench.config import THRESHOLDS_FILE, load_project, load_thresholds  # noqa: PLC0415

    root = _root()
    return load_thresholds(root / load_project(root).baselines / THRESHOLDS_FILE)


def _judge(left: _Side, right: _Side, thresholds: Thresholds) -> tuple[tuple[Verdict, ...], float | None]:
    from perfbench.analysis.comparison import compare  # noqa: PLC0415
    from perfbench.analysis.judge import judge, judge_alone  # noqa: PLC0415
    from perfbench.analysis.noise import noise_floor  # noqa: PLC0415
    from perfbench.environment import incompatibility  # noqa: PLC0415
    from perfbench.model import Outcome, Verdict  # noqa: PLC0415

    hard = incompatibility(left.header.environment, right.header.environment)
    both = [row for row in right.rows if row in left.rows]
    comparisons = {row: compare(left.rows[row], right.rows[row]) for row in both}
    controls = [found for row, found in comparisons.items() if row.name == CONTROL]
    noise = noise_floor(controls) if controls else None
    fair = [] if hard else [found for row, found in comparisons.items() if row.name != CONTROL]
    verdicts = list(judge(fair, thresholds.thresholds, thresholds.budgets, noise_floor=noise or 0.0))
    for row in both if hard else ():
        if row.name != CONTROL:
            found = comparisons[row]
            verdicts.append(Verdict(row, found.metric, Outcome.INCOMPARABLE, "", "; ".join(hard), found))
    new = [found for row, found in right.rows.items() if row not in left.rows and row.name != CONTROL]
    verdicts += judge_alone(new, thresholds.budgets, outcome=Outcome.NEW, reason=f"not in {left.name}")
    known = set(right.rows) | set(right.outcomes)
    verdicts += [
        Verdict(row, found.metric, Outcome.MISSING, "", f"in {left.name}, not in {right.name}")
        for row, found in left.rows.items()
        if row not in known and row.name != CONTROL
    ]
    verdicts += [
        Verdict(row, None, found.outcome, "", found.reason, sides=found.sides)
        for row, found in right.outcomes.items()
        if row not in right.rows
    ]
    return tuple(verdicts), noise


def _draft(left: _Side, right: _Side) -> Draft:
    from perfbench.commands.reporting import Draft  # noqa: PLC0415
    from perfbench.environment import differences  # noqa: PLC0415

    warnings = [
        f"{side.name}: {problem.message}"
        for side in dict.fromkeys((left, right))
        for problem in side.file.problems
    ]
    for side in {id(side.file): side for side in (left, right)}.values():
        if not side.file.complete:
            warnings.append(f"{side.name} was not finished: it holds the rounds before that")
    warnings += differences(left.header.environment, right.header.environment)
    return Draft(
        title="compare",
        base=left.summary("base"),
        head=right.summary("head"),
        environment=right.header.environment,
        warnings=tuple(warnings),
        started=time.time(),
    )
