"""Stored baselines: `baselines/<machine>/<name>.jsonl`, kept under version control.

A baseline is only as good as the run that it came from, so a run that failed, regressed, was
interrupted or measured changes that no commit holds never replaces one.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from perfbench.errors import ExitCode, PerfbenchError, UsageError
from perfbench.model import Outcome
from perfbench.results import native
from perfbench.results.document import load as load_document
from perfbench.results.result_file import HEAD, Header, ResultFile
from perfbench.results.writer import ResultWriter

_SUFFIX = ".jsonl"
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_FIT = (None, ExitCode.PASSED, ExitCode.UNDECIDED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored baseline. `problem` says why it cannot be used; the other fields are then empty."""

    machine: str
    name: str
    path: Path
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
    machine = result.header.sides[side].environment.machine
    path = _path(root, machine, name)
    exists = _exists(path)
    _refuse_unfit(result, side, allow_dirty=allow_dirty and not exists)
    if exists and not overwrite:
        raise UsageError(f"the baseline {name!r} of {machine} exists already", "add --force to replace it")
    kept = replace(result.header, sides={side: result.header.sides[side]}, arguments=())
    _replace(path, lambda temporary: _write(temporary, kept, result, side))
    return path


def load(root: Path, machine: str, name: str) -> ResultFile:
    """A stored baseline. Raises UsageError when there is none, PerfbenchError when its file is damaged."""
    path = _path(root, machine, name)
    if not _exists(path):
        raise UsageError(*_absent(root, machine, name))
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
    found = sorted(path for path in root.glob(f"*/*{_SUFFIX}") if _SAFE.fullmatch(path.stem))
    return [_entry(root, path) for path in found]


def remove(root: Path, machine: str, name: str) -> Path:
    """Remove a baseline, and its machine's folder with the last one. Raises UsageError if there is none."""
    path = _path(root, machine, name)
    try:
        path.unlink()
    except FileNotFoundError as error:
        raise UsageError(*_absent(root, machine, name)) from error
    except OSError as error:
        raise PerfbenchError(f"cannot remove {path}: {error.strerror}", "check its permissions") from error
    with contextlib.suppress(OSError):
        path.parent.rmdir()
    return path


def _path(root: Path, machine: str, name: str) -> Path:
    for what, part in (("baseline", name), ("machine", machine)):
        if not _SAFE.fullmatch(part):
            raise UsageError(
                f"{part!r} cannot be the name of a {what}",
                "use letters, digits, '.', '_' and '-', a letter or digit first, 100 at most",
            )
    return root / machine / f"{name}{_SUFFIX}"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise PerfbenchError(f"cannot look for {path}: {error.strerror}", "check its permissions") from error


def _refuse_unfit(result: ResultFile, side: str, *, allow_dirty: bool) -> None:
    failed = [
        str(outcome.benchmark)
        for outcome in result.outcomes
        if outcome.outcome is Outcome.FAILED and side in outcome.sides
    ]
    if not result.sides[side]:
        raise UsageError("the run measured nothing", "a baseline needs values: measure first")
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


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file, and give it its name only when it is whole and on the disk."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)  # left by a process that was killed
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise PerfbenchError(
            f"cannot write {path}: {error.strerror}", "check the folder's permissions"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    with contextlib.suppress(OSError):  # some file systems cannot; the rename itself has happened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _entry(root: Path, path: Path) -> Entry:
    machine, name = path.parent.name, path.stem
    try:
        result = load(root, machine, name)
    except PerfbenchError as error:
        return Entry(machine, name, path, problem=str(error))
    label, measurements = next((label, found) for label, found in result.sides.items() if found)
    return Entry(
        machine, name, path, result.header.created, result.header.sides[label].commit, len(measurements)
    )


def _absent(root: Path, machine: str, name: str) -> tuple[str, str]:
    """The message and remedy for a baseline that is not there."""
    paths = list(root.glob(f"*/*{_SUFFIX}"))
    here = [path.stem for path in paths if path.parent.name == machine]
    elsewhere = sorted(path.parent.name for path in paths if path.stem == name)
    remedy = f"save one with: perfbench baseline save {name}"
    if near := difflib.get_close_matches(name, here, n=1):
        remedy = f"did you mean {near[0]}?"
    elif elsewhere:
        remedy = f"{elsewhere[0]} has one, but other machines cannot be compared with; {remedy}"
    return f"there is no baseline {name!r} for the machine {machine}", remedy


def _damaged(path: Path, how: str) -> PerfbenchError:
    return PerfbenchError(
        f"the baseline {path} is damaged: {how}", "restore it from version control, or save it anew"
    )
