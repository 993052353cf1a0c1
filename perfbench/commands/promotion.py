"""Making a run the baseline: only after the gate's rules have found it no worse than the one before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from perfbench.analysis.patterns import fits
from perfbench.analysis.stored_noise import creep
from perfbench.commands.night_noise import noise_of
from perfbench.commands.stored import Judged, StoredSide, judge_sides, rules_of
from perfbench.commands.stored_baseline import branches_of
from perfbench.config import load_project
from perfbench.errors import RegressedError, UsageError
from perfbench.model import Acceptance, BenchmarkId, Outcome, Verdict
from perfbench.results import baselines, runs, stored_history
from perfbench.results.reading import read_any
from perfbench.results.result_file import HEAD, ResultFile
from perfbench.results.stored_history import History, hardware_words
from perfbench.units import format_ratio

_WORSE = (Outcome.REGRESSED, Outcome.OVER_BUDGET)
_GONE = (Outcome.MISSING, Outcome.SKIPPED)


@dataclass(frozen=True, slots=True)
class Promoted:
    """What became of a promotion.

    `before` is the branch of the baseline that the run was compared with (empty for one of no branch), None
    where it is the first one; `spent` are the acceptances that the new baseline makes needless, `crept` the
    rows that have got worse over all stored runs by more than their limit (0.05 is 5 %).
    """

    path: Path
    rows: int
    kept: int
    before: str | None
    spent: tuple[Acceptance, ...] = ()
    crept: tuple[tuple[BenchmarkId, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Previous:
    """The baseline that a run is to replace, or of another branch to start from."""

    branch: str
    file: ResultFile
    history: History

    @property
    def label(self) -> str:
        return next(iter(self.file.header.sides))


def promote(root: Path, name: str, run: str, *, branch: str | None, drop: Sequence[str]) -> Promoted:
    """Make `run` the baseline `name` of a branch (default: the one that is checked out), and keep its history.

    It is compared with the baseline that a check would take: the branch's own, else the main branch's. Rows
    that any of the patterns `drop` fits may have vanished. Raises RegressedError for a row that regressed, is
    over budget or vanished, and UsageError for a run that cannot be a baseline or be compared with this one.
    """
    result = read_any(runs.resolve(run, root))
    if HEAD not in result.sides:
        raise UsageError(f"{run} has no side {HEAD!r}", "promote a run of perfbench")
    baselines.refuse_unfit(result, HEAD)
    config = load_project(root)
    folder, machine = root / config.baselines, baselines.machine_of(result, HEAD)
    branches = branches_of(root, config.main_branch)
    own = branches.current if branch is None else branch
    previous = _previous(folder, machine, name, tuple(filter(None, (own, branches.main))))
    history = _continued(previous).with_run(stored_history.run_line(result, HEAD))
    spent: tuple[Acceptance, ...] = ()
    crept: tuple[tuple[BenchmarkId, float], ...] = ()
    if previous is not None:
        left = StoredSide(previous.file, previous.label, f"the baseline {name!r}")
        rules = rules_of(root, noise=noise_of(previous.history, previous.file.sides[previous.label]))
        judged = judge_sides(left, StoredSide(result, HEAD, "this run"), rules)
        _refuse_worse(judged, name, drop, {row.benchmark for row in left.rows.values()})
        spent = _used(judged, rules.acceptances)
        crept = _crept(judged, history.medians(hardware_words(result.header.sides[HEAD].environment)))
    path = baselines.save(folder, name, result, branch=own, overwrite=True)
    stored_history.write(stored_history.beside(path), history)
    before = None if previous is None else previous.branch
    return Promoted(path, len(result.side()), len(history.runs), before, spent, crept)


def _previous(folder: Path, machine: str, name: str, branches: Sequence[str]) -> _Previous | None:
    branch = baselines.holder(folder, machine, name, branches)
    if branch is None:
        return None
    path = baselines.path_of(folder, machine, name, branch)
    file = baselines.load(folder, machine, name, branch)
    return _Previous(branch, file, stored_history.read(stored_history.beside(path)))


def _continued(previous: _Previous | None) -> History:
    """The history so far, with the previous baseline in it even where that one was only saved."""
    if previous is None:
        return History()
    return previous.history.with_run(stored_history.run_line(previous.file, previous.label))


def _refuse_worse(judged: Judged, name: str, drop: Sequence[str], held: Collection[BenchmarkId]) -> None:
    """`held` are the rows of the baseline: one that is skipped now would go like one that vanished."""
    gone = [row for row in judged.verdicts if row.outcome in _GONE and row.benchmark in held]
    for pattern in drop:
        if not any(fits(pattern, row.benchmark) for row in gone):
            raise UsageError(f"--drop {pattern!r} fits no row that vanished", "leave it out")
    unlike = [row for row in judged.verdicts if row.outcome is Outcome.INCOMPARABLE]
    if unlike and unlike[0].reason:
        raise UsageError(
            f"the run cannot be compared with the baseline {name!r}: {unlike[0].reason}",
            f"to begin anew: perfbench baseline save {name} --force",
        )
    if worse := [row for row in judged.verdicts if row.outcome in _WORSE]:
        raise RegressedError(
            f"{_named(worse)}, against the baseline {name!r}",
            f"repair it, or take it on: perfbench baseline accept {str(worse[0].benchmark)!r} --baseline {name}",
        )
    left = [row for row in gone if not any(fits(pattern, row.benchmark) for pattern in drop)]
    if left:
        raise RegressedError(
            f"{_named(left)} but is in the baseline {name!r}",
            f"measure all its rows, or let it go: --drop {str(left[0].benchmark)!r}",
        )


def _crept(
    judged: Judged, medians: Mapping[tuple[str, str], Sequence[float]]
) -> tuple[tuple[BenchmarkId, float], ...]:
    """The rows that got worse step by step, with how much."""
    found = []
    for row in judged.verdicts:
        if row.metric is None or row.limit is None or row.outcome is Outcome.OVER_BUDGET:
            continue
        worse = creep(medians.get((str(row.benchmark), row.metric.name), ()), row.metric.better)
        if worse > row.limit:
            found.append((row.benchmark, worse))
    return tuple(found)


def _named(rows: Sequence[Verdict]) -> str:
    """The first row with what became of it, and how many more there are."""
    row = rows[0]
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    if row.outcome in _GONE:
        hint = row.reason if row.outcome is Outcome.SKIPPED else row.reason.partition("; ")[2]
        return f"{row.benchmark}{more} is not in this run" + (f" ({hint})" if hint else "")
    moved = f" by {format_ratio(row.comparison.ratio)}" if row.comparison is not None else ""
    what = f"regressed{moved}" if row.outcome is Outcome.REGRESSED else "is over budget"
    return f"{row.benchmark}{more} {what} ({row.rule})"


def _used(judged: Judged, acceptances: Sequence[Acceptance]) -> tuple[Acceptance, ...]:
    """The acceptances that made a verdict pass."""
    origins = {row.origin for row in judged.verdicts if row.rule.startswith("accepted ")}
    return tuple(entry for entry in acceptances if entry.origin in origins)
