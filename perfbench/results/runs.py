"""The folder of runs: one file a run, named by time, and what `@last` stands for.

It is `.perfbench/runs`, or `runs` in the folder that PERF_OUTPUT_DIR names. What only this checkout can use
(built sides, the logs of builds) stays in `.perfbench`.
"""

from __future__ import annotations

import contextlib
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from perfbench.errors import UsageError

KEPT = 200
"""So many runs stay; older ones make room for new ones."""

LAST = "@last"

VARIABLE = "PERF_OUTPUT_DIR"
"""Names the folder in which runs are kept; a relative one lies in the current folder."""

_FOLDER = Path(".perfbench") / "runs"
_STEM = r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{6}"
_NAME = re.compile(_STEM + r"\.jsonl")
_OURS = re.compile(_STEM + r"\.(?:jsonl|log)")


def runs_folder(root: Path) -> Path:
    """Where the runs of the project at `root` are kept, whether it exists or not."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).absolute() / _FOLDER.name if chosen else root / _FOLDER


def workspace(root: Path) -> Path:
    """The folder `.perfbench` of a project, made where it is missing.

    It tells git to leave it alone, so that measuring does not make a clean tree dirty. Raises
    UsageError where it cannot be made.
    """
    folder = root / _FOLDER.parts[0]
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot make {folder}: {reason}", "make the project's folder writable") from error
    return folder


def new_run(root: Path, now: datetime | None = None) -> Path:
    """A path for a new run that sorts after all before it; the folder is made, and the oldest runs go."""
    import secrets  # noqa: PLC0415  (with it comes OpenSSL; only what measures needs it)

    moment = (now or datetime.now(UTC)).astimezone(UTC)
    folder = runs_folder(root)
    own = folder == root / _FOLDER
    if own:
        workspace(root)
    try:
        _make(folder, ignored=not own)
        for old in _runs(folder)[: -(KEPT - 1)]:
            old.unlink(missing_ok=True)
            old.with_suffix(".log").unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"cannot use {folder}: {reason}", "make it writable, or name a file with -o"
        ) from error
    stamp = f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z"
    return folder / f"{stamp}-{secrets.token_hex(3)}.jsonl"


def stored_runs(root: Path) -> list[Path]:
    """All runs of the project, oldest first."""
    return _runs(runs_folder(root))


def files_of_runs(folder: Path) -> list[Path]:
    """What runs have left in a folder: their results and logs, and no link, folder or file of anybody else."""
    try:
        found = [path for path in folder.iterdir() if _OURS.fullmatch(path.name)]
    except OSError:
        return []
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def resolve(name: str, root: Path) -> Path:
    """The file that a user means: `@last`, a path, or a run's name or its beginning.

    Raises UsageError when there is none, or more than one.
    """
    stored = stored_runs(root)
    if name == LAST:
        if not stored:
            raise UsageError("there is no last run here", "measure first: perfbench run")
        return stored[-1]
    path = Path(name)
    with contextlib.suppress(OSError):  # a name that no file can have
        if name and path.exists():
            return path
    found = [run for run in stored if name and run.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{name!r} begins the names of {len(found)} runs", f"name one: {found[-1].stem}, …")
    import difflib  # noqa: PLC0415  (few names are wrong)

    near = difflib.get_close_matches(name, [LAST, *(run.stem for run in stored)], n=1)
    raise UsageError(
        f"there is no file and no run {name!r}",
        f"did you mean {near[0]}?" if near else "name a file, or @last",
    )


def resolve_part(name: str, root: Path) -> tuple[Path, str]:
    """The file or folder that a user means, and the part of it that stands behind an `@`; mostly none.

    Raises UsageError as `resolve` does.
    """
    folder, mark, part = name.rpartition("@")
    with contextlib.suppress(OSError):  # a name that no file can have
        if mark and folder and not Path(name).exists() and Path(folder).is_dir():
            return Path(folder), part
    return resolve(name, root), ""


def _make(folder: Path, *, ignored: bool) -> None:
    """Make the folder where it is missing; `ignored` has git leave alone what it will hold."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if ignored:
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def _runs(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return []
