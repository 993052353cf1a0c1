"""`perfbench clean`: removes what runs have left behind, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perfbench.errors import PerfbenchError, SandboxError, UsageError

if TYPE_CHECKING:
    from git import Repo

STATE = ".perfbench"
"""The one folder of a repository in which perfbench keeps things.

No file outside it is removed here, but for the stored runs in the folder that PERF_OUTPUT_DIR names.
"""

SIDES, LOGS, RUNS, BISECTIONS = "sides", "logs", "runs", "bisect"


@click.command()
@click.option("--sandboxes", "sandboxes_only", is_flag=True, help="Sweep sandboxes only; remove no file.")
@click.option("--all", "everything", is_flag=True, help="Remove the stored runs and bisections as well.")
@click.option("--dry-run", is_flag=True, help="Say what would go; remove nothing.")
def command(sandboxes_only: bool, everything: bool, dry_run: bool) -> None:
    """Remove sandboxes whose owners are dead, and the built sides and logs in .perfbench.

    Sandboxes of processes that still run are left alone. A built side is a checkout with its
    environment; the next check builds what it needs again.

    Stored runs and bisections go with --all only, runs in the folder of PERF_OUTPUT_DIR as well, where nothing goes
    but files that perfbench has named. Baselines, reports and results that were written to a file of your
    own are never removed.
    """
    if sandboxes_only and everything:
        raise UsageError("--sandboxes and --all exclude each other", "choose one of them")
    failure = None
    if dry_run:
        click.echo("would remove sandboxes whose owners are dead, if there are any")
    else:
        failure = _sweep()
    if not sandboxes_only:
        _remove_files(everything=everything, dry_run=dry_run)
    if failure is not None:
        raise failure


def _sweep() -> SandboxError | None:
    """Sweep; what could not be removed is returned, since it must not keep the rest from going."""
    from perfbench.measure import scratch  # noqa: PLC0415
    from perfbench.sandbox import runtimes, sessions  # noqa: PLC0415

    for folder in (*scratch.sweep(), *sessions.sweep()):
        click.echo(f"removed {folder}")
    try:
        removed = runtimes.sweep()
    except SandboxError as error:
        return error
    for sandbox in removed:
        click.echo(f"removed sandbox {sandbox}")
    if not removed:
        click.echo("no sandbox of a dead owner")
    return None


def _remove_files(*, everything: bool, dry_run: bool) -> None:
    from perfbench.measure import repository  # noqa: PLC0415

    with repository.opened(Path.cwd()) as repo:
        root = repository.top_of(repo)
        state = root / STATE
        found = _found(root, everything=everything)
        if dry_run or not found:
            click.echo("\n".join(f"would remove {path}" for path in found) or f"nothing in {state}")
            return
        with _undisturbed(state, repo) as discard:
            for path in found:
                discard(path)
                click.echo(f"removed {path}")


def _found(root: Path, *, everything: bool) -> list[Path]:
    """What is there to remove: of `.perfbench` whatever lies in its folders, elsewhere only what runs have left."""
    from perfbench.results import runs  # noqa: PLC0415

    state = root / STATE
    found: list[Path] = []
    if _is_folder(state):
        found += [*_entries(state / SIDES), *_entries(state / LOGS)]
        found += [*_entries(state / RUNS), *_entries(state / BISECTIONS)] if everything else []
    kept = runs.runs_folder(root)
    if everything and kept != state / RUNS and _is_folder(kept):
        found += runs.files_of_runs(kept)
    return found


def _is_folder(path: Path) -> bool:
    """Whether it is a real folder. A link might lead anywhere, and what lies there is not ours."""
    if path.is_symlink():
        raise UsageError(f"{path} is a symbolic link, and nothing behind it is removed", "remove the link")
    return path.is_dir()


def _entries(folder: Path) -> Iterator[Path]:
    if _is_folder(folder):
        yield from sorted(path for path in folder.iterdir() if path.name != ".lock")


@contextmanager
def _undisturbed(state: Path, repo: Repo) -> Iterator[Callable[[Path], None]]:
    """Wait until nobody measures or builds here; yields what removes one entry, of git's records too."""
    from perfbench.commands.machine import alone_on_machine  # noqa: PLC0415
    from perfbench.measure.side_folder import locked  # noqa: PLC0415

    def say(sentence: str) -> None:
        click.echo(sentence, err=True)

    with alone_on_machine(say), locked(state, repo, say) as sides:

        def discard(path: Path) -> None:
            try:
                if path.parent.name == SIDES and not path.is_symlink() and path.is_dir():
                    sides.discard(sides.folder(path.name))
                elif path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                reason = error.strerror or str(error)
                raise PerfbenchError(f"cannot remove {path}: {reason}", "remove it by hand") from error

        yield discard
