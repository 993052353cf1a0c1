"""Submodules of a checked-out side, taken from the user's own copies of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.errors import PerfbenchError
from perfbench.measure.repository import GitRefusedError, run

if TYPE_CHECKING:
    from git import Repo


def check_out_submodules(repo: Repo, source: Path, tree: Path) -> None:
    """Fill the submodules of `tree`, recursively, from those that the user has below `source`.

    One that the user has not checked out stays empty, as it is there. `git submodule update` is not
    used because it writes to the configuration that all worktrees share, and would load anew what is
    here already. A commit that is not here is fetched from where the user's copy came from. Raises
    PerfbenchError where that fails.
    """
    if not (tree / ".gitmodules").is_file():
        return
    for path, commit in _submodules(repo, tree):
        if (source / path / ".git").exists():
            _check_out(repo, source / path, tree / path, commit)
            check_out_submodules(repo, source / path, tree / path)


def _submodules(repo: Repo, tree: Path) -> list[tuple[str, str]]:
    listed = run(repo, "ls-files", "--stage", "-z", cwd=tree)
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry.startswith("160000 "))
    return [(path, fields.split()[1]) for fields, _, path in entries]


def _check_out(repo: Repo, source: Path, target: Path, commit: str) -> None:
    run(repo, "clone", "--quiet", "--shared", "--no-checkout", str(source), str(target))
    try:
        run(repo, "cat-file", "-e", f"{commit}^{{commit}}", cwd=target)
    except GitRefusedError:
        _fetch(repo, source, target, commit)
    run(repo, "checkout", "--quiet", "--detach", commit, cwd=target)


def _fetch(repo: Repo, source: Path, target: Path, commit: str) -> None:
    try:
        url = run(repo, "remote", "get-url", "origin", cwd=source)
        run(repo, "fetch", "--quiet", "--depth=1", url, commit, cwd=target)
    except GitRefusedError as error:
        raise PerfbenchError(
            f"commit {commit[:7]} of submodule {source} is not here, and cannot be fetched ({error.message})",
            "run git submodule update --init --recursive in that revision once",
        ) from None
