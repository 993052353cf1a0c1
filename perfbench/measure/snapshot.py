"""The working tree as a commit, made without touching the user's index, files, HEAD or stash."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.errors import PerfbenchError, UsageError
from perfbench.measure.repository import keep_out, run, top_of, tree_of

if TYPE_CHECKING:
    from git import Repo

MOST_UNTRACKED_BYTES = 512 * 1024 * 1024
OWN = ".perfbench"
"""Where perfbench itself keeps things in the repository."""


def snapshot(repo: Repo, head: str) -> tuple[str, str]:
    """The (commit, tree) of the files as they are now: tracked ones, and untracked ones not ignored.

    `head` is the full hash of HEAD. Where nothing has changed it is the commit itself, else a dangling
    commit on top of it: the same one for the same files. Raises UsageError for what such a commit
    cannot hold (untracked files of more than 512 MiB, changes inside a submodule), PerfbenchError
    where git cannot write it.
    """
    if (top_of(repo) / OWN).is_dir():
        # Not by a pathspec: git refuses to add beside one that .gitignore names as well.
        keep_out(top_of(repo) / OWN)
    with tempfile.TemporaryDirectory(prefix="perfbench-index-") as folder:
        index = Path(folder) / "index"
        _copy_index(repo, index)
        environment = {"GIT_INDEX_FILE": str(index)}
        _check_untracked(repo, environment)
        run(repo, "add", "--all", environment=environment)
        _check_submodules(repo, environment)
        tree = run(repo, "write-tree", environment=environment)
    if tree == tree_of(repo, head):
        return head, tree
    return _commit(repo, head, tree), tree


def _copy_index(repo: Repo, target: Path) -> None:
    source = top_of(repo) / run(repo, "rev-parse", "--git-path", "index")
    if source.exists():
        # With its times: git decides by the index's own time which entries it must read again.
        shutil.copy2(source, target)


def _check_untracked(repo: Repo, environment: dict[str, str]) -> None:
    listed = run(repo, "ls-files", "--others", "--exclude-standard", "-z", environment=environment)
    total = 0
    for name in filter(None, listed.split("\0")):
        path = top_of(repo) / name
        total += path.lstat().st_size if path.is_symlink() or path.is_file() else 0
        if total > MOST_UNTRACKED_BYTES:
            raise UsageError(
                f"the untracked files (such as {name}) are too large to snapshot: more than "
                f"{MOST_UNTRACKED_BYTES // 1024**2} MiB",
                "commit them, name them in .gitignore, or give --head HEAD",
            )


def _check_submodules(repo: Repo, environment: dict[str, str]) -> None:
    """All is in the index now; what still differs is a submodule with changes of its own."""
    changed = run(repo, "diff-files", "--name-only", "-z", environment=environment).split("\0")[0]
    if changed:
        raise UsageError(
            f"submodule {changed} has changes of its own, which a snapshot cannot hold",
            "commit them in there",
        )


def _commit(repo: Repo, parent: str, tree: str) -> str:
    # Everything is fixed, so that the same files give the same commit and no litter.
    when = f"@{run(repo, 'show', '--no-patch', '--format=%ct', parent)} +0000"
    who = {"NAME": "perfbench", "EMAIL": "perfbench@localhost", "DATE": when}
    identity = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    message = "Working tree, as perfbench measured it"
    commit = run(
        repo, "commit-tree", "--no-gpg-sign", "-p", parent, "-m", message, tree, environment=identity
    )
    if not commit:
        raise PerfbenchError("git wrote no snapshot of the working tree")
    return commit
