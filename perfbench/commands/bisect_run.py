"""A bisection from end to end: what is asked, what is known already, the search, and its report."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from perfbench import __version__
from perfbench.analysis.patterns import last_match
from perfbench.commands.bisect_pair import Measuring, find_row
from perfbench.commands.bisect_state import BisectState, open_state
from perfbench.commands.bisect_stored import Hints, stored_hints
from perfbench.commands.bisecting import Search
from perfbench.commands.machine import alone_on_machine, sweep
from perfbench.commands.options import writable
from perfbench.commands.workspace import Workspace, open_workspace
from perfbench.environment import current
from perfbench.errors import ExitCode, MeasurementError, PerfbenchError, UsageError
from perfbench.measure.builds import UnbuildableError
from perfbench.measure.commit_range import commit_range
from perfbench.measure.discovery import Row
from perfbench.model_history import AlertRule, Bisection, NamedCommit
from perfbench.reports.progress import Progress
from perfbench.units import parse_ratio


@dataclass(frozen=True, slots=True)
class BisectRequest:
    """The options of the command line, by their names; `time_budget` is in seconds."""

    benchmark: str
    good: str
    bad: str = "HEAD"
    repo: Path | None = None
    limit: str | None = None
    rounds: int | None = None
    time_budget: float | None = None
    no_stored: bool = False
    restart: bool = False
    json: Path | None = None
    quiet: bool = False


def bisect(request: BisectRequest) -> ExitCode:
    """Search, show and write the answer. Raises PerfbenchError for what keeps the search from beginning.

    Ctrl-C ends it as it ends any command; what was measured by then is kept.
    """
    writable(request.json)
    limit = None if request.limit is None else _share(request.limit)
    workspace = open_workspace(request.repo)
    commits = commit_range(workspace.project, request.good, request.bad)
    deadline = None if request.time_budget is None else time.monotonic() + request.time_budget
    progress = Progress(Console(file=sys.stderr, highlight=False), quiet=request.quiet)
    with progress, alone_on_machine(progress.note):
        sweep(progress.note)
        row = _row(workspace, commits[-1].commit, request.benchmark, progress)
        chosen = _limit(workspace, row) if limit is None else limit
        rounds = request.rounds or workspace.config.rounds
        state = _state(workspace, row, commits, f"{chosen!r} {rounds}", restart=request.restart)
        resumed = "" if state.is_new else f"going on where an earlier run stopped, after {_measured(state)}"
        hints = Hints() if request.no_stored else stored_hints(workspace, row, commits, chosen)
        notes = [text for text in (resumed, hints.note) if text]
        for text in notes:
            progress.note(text)
        measuring = Measuring(
            workspace, commits[-1].commit, row, state.folder, rounds, workspace.config.time_budget, progress
        )
        search = Search(measuring, commits, chosen, state, hints.commits, deadline, notes)
        try:
            found = search.run()
        except KeyboardInterrupt:
            progress.note("what was measured is kept: the same command goes on where it stopped")
            raise
    return _report(found, request)


def _row(workspace: Workspace, bad: str, pattern: str, progress: Progress) -> Row:
    try:
        return find_row(workspace, bad, pattern, progress)
    except UnbuildableError as error:
        raise MeasurementError(f"bad {bad[:8]} cannot be measured: {error.message}", error.remedy) from None


def _report(found: Bisection, request: BisectRequest) -> ExitCode:
    from perfbench.reports import bisect_report  # noqa: PLC0415
    from perfbench.reports.sheets import sheet  # noqa: PLC0415

    bisect_report.render(found, sheet(sys.stdout))
    sys.stdout.flush()
    if request.json is not None:
        try:
            request.json.write_text(bisect_report.render_json(found, __version__), encoding="utf-8")
        except OSError as error:
            raise PerfbenchError(
                f"cannot write {request.json}: {error.strerror or error}",
                "name another file; the answer is kept",
            ) from None
    return ExitCode(found.exit_code)


def _limit(workspace: Workspace, row: Row) -> float:
    """The row's own threshold, where it has one; else as large as a change has to be for an alert."""
    threshold = last_match(workspace.thresholds.thresholds, row.benchmark, row.metric)
    given = threshold.limit if threshold is not None else None
    return given if given else AlertRule().size


def _share(text: str) -> float:
    try:
        share = parse_ratio(text)
    except ValueError as error:
        raise UsageError(f"--limit {error}", "write it as '5 %'") from None
    if share <= 0 or (share >= 1 and "%" not in text):
        raise UsageError(
            f"--limit {text} is no share to look for", "write how much more or less it is, as '5 %'"
        )
    return share


def _state(
    workspace: Workspace, row: Row, commits: tuple[NamedCommit, ...], effort: str, *, restart: bool
) -> BisectState:
    """What was measured before of the same question in the same way on the same machine."""
    here = current()
    try:
        asked = workspace.asv.path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        asked = ""
    machine = (here.machine, here.architecture, here.cpu, str(here.cores))
    key = (
        *(
            "1",
            workspace.suite,
            str(row.benchmark),
            row.version,
            row.metric.name,
            row.metric.unit,
            effort,
            asked,
        ),
        *machine,
        *(one.commit for one in commits),
    )
    about = {
        "benchmark": str(row.benchmark),
        "good": commits[0].commit,
        "bad": commits[-1].commit,
        "machine": here.machine,
    }
    return open_state(workspace.root, key, about, restart=restart)


def _measured(state: BisectState) -> str:
    count = len(state.steps) + (state.ends is not None) + (state.last is not None)
    return f"{count} measurement{'s' * (count != 1)}"
