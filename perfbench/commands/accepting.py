"""`perfbench baseline accept`: takes on a regression that a run has shown."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perfbench.acceptances import ACCEPTED_FILE, load_acceptances, parse_ceiling, utc_day
from perfbench.analysis.acceptance import against_ceiling
from perfbench.analysis.limits import worsening
from perfbench.analysis.patterns import fits
from perfbench.commands.stored import Rules, StoredSide, judge_sides, two_sides
from perfbench.commands.stored_baseline import branches_of
from perfbench.config import Thresholds, load_project
from perfbench.environment import machine_name
from perfbench.errors import UsageError
from perfbench.measure.repository import GitRefusedError, opened
from perfbench.measure.repository import run as git
from perfbench.model import Acceptance, Comparison
from perfbench.results import accepted, baselines, runs
from perfbench.results.reading import read_any
from perfbench.results.result_file import HEAD
from perfbench.units import format_interval


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asks for; None where a default is to be found. `expires` is an ISO date."""

    pattern: str
    reason: str
    expires: str
    ceiling: str | None = None
    author: str | None = None
    metric: str = "time"


def take_on(root: Path, wish: Wish, *, run: str, baseline: str | None) -> Acceptance:
    """Write the entry to accepted.toml and return it as it is read back.

    Without a ceiling it is the upper end of the row's interval, in whole percents. Raises UsageError for a
    row that has not got worse in the run, and for a ceiling that it exceeds already.
    """
    today = utc_day(time.time())
    if wish.expires < today:
        raise UsageError(f"{wish.expires} is over", "name a later day with --expires")
    worse = _worse(root, wish, run, baseline)
    ceiling = wish.ceiling or _least_ceiling(worse)
    try:
        share, limit = parse_ceiling(ceiling, wish.metric)
    except ValueError as error:
        raise UsageError(f"--ceiling: {error}", "write '+12 %' or '3 ms'") from None
    author = wish.author or _git_user(root)
    entry = Acceptance(wish.pattern, wish.metric, wish.reason, author, today, wish.expires, share, limit)
    for row in worse:
        if against_ceiling(row, entry)[1]:
            moved = format_interval(row.low, row.high)
            raise UsageError(f"{row.benchmark} moved by {moved} %, beyond {ceiling}", "name a higher ceiling")
    path = root / load_project(root).baselines / ACCEPTED_FILE
    for other in load_acceptances(path):
        if (other.pattern, other.metric) == (entry.pattern, entry.metric):
            raise UsageError(f"{other.origin} accepts {other.pattern!r} already", "change that entry")
    accepted.append(path, entry, ceiling)
    return load_acceptances(path)[-1]


def _worse(root: Path, wish: Wish, run: str, baseline: str | None) -> list[Comparison]:
    """The rows that the pattern fits and that got worse, by however much."""
    left, right = _sides(root, run, baseline)
    judged = judge_sides(left, right, Rules(Thresholds()))
    about = [row for row in judged.verdicts if fits(wish.pattern, row.benchmark)]
    compared = [row.comparison for row in about if row.comparison is not None]
    worse = [row for row in compared if row.metric.name == wish.metric and worsening(row).ratio > 1]
    if not about:
        raise UsageError(f"{wish.pattern!r} fits no row of {run}", "name a row as the report does")
    if not worse:
        raise UsageError(f"{wish.pattern!r} has not got worse in {run}", "there is nothing to accept")
    return worse


def _least_ceiling(worse: Sequence[Comparison]) -> str:
    """The upper end of the widest interval, in whole percents."""
    highest = max(worsening(row).high for row in worse)
    if not highest < math.inf:
        raise UsageError("the run is too short to tell how much worse it is", "name a --ceiling")
    return f"+{max(1, math.ceil((highest - 1.0) * 100.0 - 1e-9))} %"


def _git_user(root: Path) -> str:
    try:
        with opened(root) as repo:
            return git(repo, "config", "user.name")
    except GitRefusedError:
        raise UsageError("git knows no user.name", "say who accepts this with --author") from None


def _sides(root: Path, run: str, baseline: str | None) -> tuple[StoredSide, StoredSide]:
    if baseline is None:
        return two_sides(run, root)
    config = load_project(root)
    branches = branches_of(root, config.main_branch)
    folder, machine = root / config.baselines, machine_name()
    branch = baselines.find(folder, machine, baseline, branches.tried)
    stored = baselines.load(folder, machine, baseline, branch)
    measured = read_any(runs.resolve(run, root))
    if HEAD not in measured.sides:
        raise UsageError(f"{run} has no side {HEAD!r}", "name a run of perfbench")
    return StoredSide(stored, next(iter(stored.header.sides)), baseline), StoredSide(measured, HEAD, run)
