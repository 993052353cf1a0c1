"""The commits from a good one to a bad one, by first parents: what a bisection searches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.errors import UsageError
from perfbench.measure import repository
from perfbench.measure.revisions import head_revision
from perfbench.model_history import NamedCommit

if TYPE_CHECKING:
    from git import Repo

MOST = 100_000
"""Commits between the ends; a search of more is asked too much."""

_CLEAN = str.maketrans({chr(code): " " for code in (*range(32), 127)})


def commit_range(repo_root: Path, good: str, bad: str) -> tuple[NamedCommit, ...]:
    """The commits after `good` up to `bad` by bad's first parents, with good itself before them; the oldest first.

    A merge is one commit, so that what it brought comes with it. Raises UsageError for a revision that does not exist
    and where good is none of bad's first parents.
    """
    first, last = (_commit(repo_root, name) for name in (good, bad))
    if first == last:
        raise UsageError(f"good and bad are the same commit {first[:7]}", "name two")
    with repository.opened(repo_root) as repo:
        listed = repository.run(
            repo, "log", "--first-parent", "--no-show-signature", f"--max-count={MOST + 1}",
            "--format=%H%x00%ct%x00%s", last, f"^{first}",
        )  # fmt: skip
        commits = [_named(line) for line in listed.splitlines() if line.count("\0") >= 2]
        if len(commits) > MOST:
            raise UsageError(f"there are more than {MOST} commits between good and bad", "name nearer ones")
        if not commits:
            raise UsageError(f"bad {last[:7]} lies before good {first[:7]}", "change the two")
        parent = repository.commit_of(repo, f"{commits[-1].commit}~1")
        if parent != first:
            raise UsageError(
                f"good {first[:7]} is none of the first parents of bad {last[:7]}",
                _remedy(repo, first, last, parent),
            )
        shown = repository.run(repo, "log", "-1", "--no-show-signature", "--format=%H%x00%ct%x00%s", first)
    return (_named(shown), *reversed(commits))


def _commit(repo_root: Path, name: str) -> str:
    if name == "worktree":
        raise UsageError("the working tree is no commit", "commit it, or name HEAD")
    return head_revision(repo_root, name).commit


def _remedy(repo: Repo, first: str, last: str, parent: str | None) -> str:
    if parent is None and repository.is_shallow(repo):
        return "this clone is shallow: git fetch --deepen=100 brings older commits"
    try:
        fork = repository.run(repo, "merge-base", first, last)
    except repository.GitRefusedError:
        return "the two have no common ancestor: name commits of one branch"
    return f"name a commit of the same branch, as {(parent or fork)[:7]}, where the two part"


def _named(line: str) -> NamedCommit:
    commit, date, subject = line.split("\0", 2)
    return NamedCommit(commit, subject.translate(_CLEAN).strip()[:200], float(date))
