"""Stored baselines: `baselines/<machine>/<branch>/<name>.jsonl`, kept under version control.

What lies in `baselines/<machine>/` itself belongs to no branch and serves them all. A baseline is only as
good as the run that it came from, so a run that failed, regressed, was interrupted or measured changes
that no commit holds never replaces one.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from perfbench.errors import ExitCode, PerfbenchError, UsageError
from perfbench.model import Outcome
from perfbench.results import native, stored_history
from perfbench.results.document import load as load_document
from perfbench.results.replacing import replace_file
from perfbench.results.result_file import HEAD, Header, ResultFile
from perfbench.results.writer import ResultWriter

_SUFFIX = ".jsonl"
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_BRANCH = 80

_FIT = (None, ExitCode.PASSED, ExitCode.UNDECIDED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored baseline. `problem` says why it cannot be used; the other fields are then empty.

    `branch` is its folder's name, empty where it belongs to none.
    """

    machine: str
    name: str
    path: Path
    branch: str = ""
    created: float = 0.0
    commit: str = ""
    rows: int = 0
    problem: str = ""


def save(
    root: Path,
    name: str,
    result: ResultFile,
    *,
    side: str = HEAD,
    branch: str = "",
    overwrite: bool = False,
    allow_dirty: bool = False,
) -> Path:
    """Store one side of a run below `root` for the machine that measured it, and return where.

    An existing baseline is replaced at once or not at all, and only with `overwrite`. Raises
    UsageError when the run is not fit to be one; `allow_dirty` lets changes without a commit be
    a new baseline, never replace one.
    """
    if side not in result.sides:
        raise UsageError(f"the run has no side {side!r}", f"it has {', '.join(result.sides) or 'none'}")
    machine = machine_of(result, side)
    path = path_of(root, machine, name, branch)
    exists = _exists(path)
    refuse_unfit(result, side, allow_dirty=allow_dirty and not exists)
    if exists and not overwrite:
        raise UsageError(
            f"the baseline {name!r} of {machine} exists already",
            "promote the run to compare it with that one first, or add --force to replace it",
        )
    kept = replace(result.header, sides={side: result.header.sides[side]}, arguments=())
    replace_file(path, lambda temporary: _write(temporary, kept, result, side))
    return path


def holder(root: Path, machine: str, name: str, branches: Iterable[str]) -> str | None:
    """The first of the `branches` that has a baseline of that name, empty for one of no branch, which counts last.

    None where there is none.
    """
    return next((one for one in (*branches, "") if _exists(path_of(root, machine, name, one))), None)


def find(root: Path, machine: str, name: str, branches: Iterable[str]) -> str:
    """As `holder`, but raises UsageError when there is none."""
    found = holder(root, machine, name, branches)
    if found is None:
        raise UsageError(*_absent(root, machine, name))
    return found


def machines_with(root: Path, name: str) -> list[str]:
    """The machines that have a baseline of that name, whatever its branch."""
    machines = {_place(root, path)[0] for path in _files(root) if path.stem == name}
    return sorted(machine for machine in machines if _SAFE.fullmatch(machine))


def load(root: Path, machine: str, name: str, branch: str = "") -> ResultFile:
    """A stored baseline. Raises UsageError when there is none, PerfbenchError when its file is damaged."""
    path = path_of(root, machine, name, branch)
    if not _exists(path):
        raise UsageError(*_absent(root, machine, name))
    return _read(path)


def _read(path: Path) -> ResultFile:
    document = load_document(path)
    if not native.recognises(document):
        raise _damaged(path, "is not a result file of perfbench")
    result = native.read(document)
    if result.problems:
        problem = result.problems[0]
        where = f"line {problem.line}: " if problem.line else ""
        raise _damaged(path, f"{where}{problem.message}")
    if not result.complete or not any(result.sides.values()):
        raise _damaged(path, "it ends too early")
    return result


def stored(root: Path) -> list[Entry]:
    """All baselines of all machines, by machine and name; damaged ones with their problem."""
    return [_entry(root, path) for path in _files(root)]


def remove(root: Path, machine: str, name: str, branch: str = "") -> Path:
    """Remove a baseline with its history, and its folders with the last one. Raises UsageError if there is none."""
    path = path_of(root, machine, name, branch)
    try:
        path.unlink()
    except FileNotFoundError as error:
        raise UsageError(*_absent(root, machine, name)) from error
    except OSError as error:
        raise PerfbenchError(f"cannot remove {path}: {error.strerror}", "check its permissions") from error
    with contextlib.suppress(OSError):
        stored_history.beside(path).unlink(missing_ok=True)
        path.parent.rmdir()
        if branch:
            path.parent.parent.rmdir()
    return path


def machine_of(result: ResultFile, side: str) -> str:
    """The machine that measured a side. Raises UsageError for a file of a tool that does not tell."""
    machine = result.header.sides[side].environment.machine
    if not machine:
        raise UsageError(
            "the file does not tell on which machine it was measured",
            "a baseline is of one machine: compare with the file itself",
        )
    return machine


def path_of(root: Path, machine: str, name: str, branch: str = "") -> Path:
    """Where a baseline lies, if it is there. Raises UsageError for a name that could lead elsewhere."""
    for what, part in (("baseline", name), ("machine", machine)):
        if not _SAFE.fullmatch(part) or (part is name and f"{part}{_SUFFIX}".endswith(stored_history.SUFFIX)):
            raise UsageError(
                f"{part!r} cannot be the name of a {what}",
                "use letters, digits, '.', '_' and '-', a letter or digit first, 100 at most",
            )
    folder = root / machine / branch_folder(branch) if branch else root / machine
    return folder / f"{name}{_SUFFIX}"


def branch_folder(branch: str) -> str:
    """The folder of a branch: its name, or for `feature/x` what is safe of it and a mark that no other name has."""
    safe = _UNSAFE.sub("-", branch).strip(".-_")[:_LONGEST_BRANCH] or "branch"
    if safe == branch and not safe.endswith(_SUFFIX):
        return safe
    return f"{safe}-{hashlib.sha256(branch.encode(errors='replace')).hexdigest()[:8]}"


def _files(root: Path) -> list[Path]:
    """All baselines, by machine, those of no branch first."""
    found = [
        path
        for pattern in (f"*/*{_SUFFIX}", f"*/*/*{_SUFFIX}")
        for path in root.glob(pattern)
        if _SAFE.fullmatch(path.stem) and not path.name.endswith(stored_history.SUFFIX)
    ]
    return sorted(found, key=lambda path: (path.relative_to(root).parts[0], len(path.parts), path))


def _place(root: Path, path: Path) -> tuple[str, str]:
    """The machine and the branch's folder of a file."""
    machine, *folders, _ = path.relative_to(root).parts
    return machine, folders[0] if folders else ""


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise PerfbenchError(f"cannot look for {path}: {error.strerror}", "check its permissions") from error


def refuse_unfit(result: ResultFile, side: str, *, allow_dirty: bool = False) -> None:
    """Raise UsageError for a run that no baseline should come from."""
    failed = [
        str(outcome.benchmark)
        for outcome in result.outcomes
        if outcome.outcome is Outcome.FAILED and side in outcome.sides
    ]
    if not result.sides[side]:
        raise UsageError("the run measured nothing", "a baseline needs values: measure first")
    if any(not measurement.runs for measurement in result.sides[side]):
        raise UsageError("the file tells no samples", "a baseline needs them: name a file that has samples")
    if not result.complete:
        raise UsageError("the run was not finished", "let a run end, then save it")
    if failed:
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise UsageError(f"{failed[0]}{more} failed in this run", "repair it and measure again")
    if result.exit_code not in _FIT:
        what = "has just regressed" if result.exit_code == ExitCode.REGRESSED else "did not succeed"
        raise UsageError(
            f"the run {what} (exit {result.exit_code})", "a baseline must not hide that: repair it"
        )
    if result.header.sides[side].dirty and not allow_dirty:
        raise UsageError("the run measured changes that are in no commit", "commit them and measure again")


def _write(path: Path, header: Header, result: ResultFile, side: str) -> None:
    with ResultWriter(path, header, mode=0o666) as writer:  # lowered by the umask: it goes into a repository
        for measurement in result.sides[side]:
            for run in measurement.runs:
                writer.run(side, measurement.benchmark, measurement.metric, run)
        for outcome in result.outcomes:
            if side in outcome.sides:
                writer.outcome(outcome.benchmark, outcome.outcome, outcome.reason, (side,))
        writer.finish(seconds=result.seconds or 0.0, exit_code=result.exit_code)


def _entry(root: Path, path: Path) -> Entry:
    machine, branch = _place(root, path)
    try:
        result = _read(path)
    except PerfbenchError as error:
        return Entry(machine, path.stem, path, branch, problem=str(error))
    label, measurements = next((label, found) for label, found in result.sides.items() if found)
    commit = result.header.sides[label].commit
    return Entry(machine, path.stem, path, branch, result.header.created, commit, len(measurements))


def _absent(root: Path, machine: str, name: str) -> tuple[str, str]:
    """The message and remedy for a baseline that is not there."""
    places = [(*_place(root, path), path.stem) for path in _files(root)]
    here = [found for where, _, found in places if where == machine]
    branches = sorted(branch for where, branch, found in places if (where, found) == (machine, name))
    elsewhere = sorted(where for where, _, found in places if found == name)
    remedy = f"save one with: perfbench baseline save {name}"
    if branches:
        remedy = f"the branch {branches[0]} has one, which serves no other; {remedy}"
    elif near := difflib.get_close_matches(name, here, n=1):
        remedy = f"did you mean {near[0]}?"
    elif elsewhere:
        remedy = f"{elsewhere[0]} has one, but other machines cannot be compared with; {remedy}"
    return f"there is no baseline {name!r} for the machine {machine}", remedy


def _damaged(path: Path, how: str) -> PerfbenchError:
    return PerfbenchError(
        f"the baseline {path} is damaged: {how}", "restore it from version control, or save it anew"
    )
