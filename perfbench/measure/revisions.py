"""Which two revisions are compared: head, by default the working tree, and base, where its work began."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.errors import UsageError
from perfbench.measure import repository
from perfbench.measure.snapshot import snapshot

if TYPE_CHECKING:
    from git import Repo

WORKTREE = "worktree"
MOST_NAMES = 5000
DEEPEN = "git fetch --deepen=100"
NAME_BASE = "or name one with --base"


@dataclass(frozen=True, slots=True)
class Revision:
    """What to measure.

    `commit` and `tree` are full hashes; for a dirty tree `commit` is a snapshot that no branch holds,
    with HEAD as its parent. `label` is what a report shows: `9d0e77c`, or `3f2c1ab+changes` after HEAD.
    """

    commit: str
    tree: str
    dirty: bool
    label: str


def choose_revisions(
    repo_root: Path, base: str | None, head: str | None, main_branch: str | None
) -> tuple[Revision, Revision]:
    """The (base, head) to compare.

    `base` and `head` are anything git takes for a commit, or "worktree", which is head's default.
    Base's default is the merge base of head and the main branch (`main_branch`, else the remote's
    default branch, else main, else master; a remote-tracking branch before the local one); where that
    is head's own commit, it is that commit if the tree is dirty, else its first parent.

    Raises UsageError for a revision that does not exist, and where a shallow clone lacks the commits
    that it takes to tell.
    """
    with repository.opened(repo_root) as repo:
        measured, anchor = _revision(repo, head or WORKTREE)
        if base is not None:
            return _revision(repo, base)[0], measured
        return _clean(repo, _default_base(repo, anchor, measured.dirty, main_branch)), measured


def head_revision(repo_root: Path, head: str | None) -> Revision:
    """Head alone, for a run that compares nothing. Raises as `choose_revisions` does."""
    with repository.opened(repo_root) as repo:
        return _revision(repo, head or WORKTREE)[0]


def _revision(repo: Repo, name: str) -> tuple[Revision, str]:
    """The revision, and the commit that a branch may hold: the same one, or for a dirty tree its parent."""
    if name != WORKTREE:
        commit = repository.commit_of(repo, name) or _raise_unknown(repo, name)
        return _clean(repo, commit), commit
    if repo.bare:
        raise UsageError("a bare repository has no working tree", "name what to measure with --head")
    head = repository.commit_of(repo, "HEAD")
    if head is None:
        raise UsageError(
            "this repository has no commits yet", "make one, and perfbench has a base to compare with"
        )
    commit, tree = snapshot(repo, head)
    if commit == head:
        return Revision(head, tree, False, head[:7]), head
    return Revision(commit, tree, True, f"{head[:7]}+changes"), head


def _clean(repo: Repo, commit: str) -> Revision:
    return Revision(commit, repository.tree_of(repo, commit), False, commit[:7])


def _default_base(repo: Repo, anchor: str, dirty: bool, main_branch: str | None) -> str:
    main = _main_branch(repo, main_branch)
    if main is not None:
        fork = _merge_base(repo, anchor, main)
        if fork != anchor:
            return fork
    elif repository.is_shallow(repo):
        raise UsageError(
            "this shallow clone does not hold the main branch, so that no base can be found",
            f"run {DEEPEN} origin '+refs/heads/*:refs/remotes/origin/*', {NAME_BASE}",
        )
    return anchor if dirty else _parent(repo, anchor)


def _main_branch(repo: Repo, configured: str | None) -> str | None:
    """The full name of the reference to fork from; None where nothing here looks like a main branch."""
    if configured is not None:
        found = _tracked(repo, configured)
        # Any other revision (a tag, upstream/main) is taken as it is.
        if found is None and repository.commit_of(repo, configured) is None:
            _raise_unknown(repo, configured, "main branch")
        return found or configured
    if repository.commit_of(repo, "refs/remotes/origin/HEAD"):
        return "refs/remotes/origin/HEAD"
    return _tracked(repo, "main") or _tracked(repo, "master")


def _tracked(repo: Repo, branch: str) -> str | None:
    names = (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}")
    return next((name for name in names if repository.commit_of(repo, name)), None)


def _merge_base(repo: Repo, anchor: str, main: str) -> str:
    try:
        return repository.run(repo, "merge-base", anchor, main)
    except repository.GitRefusedError as error:
        if error.status != 1:
            raise
    short = main.removeprefix("refs/remotes/").removeprefix("refs/heads/")
    if repository.is_shallow(repo):
        raise UsageError(
            f"this shallow clone does not reach back to where {anchor[:7]} left {short}",
            f"run {DEEPEN}, {NAME_BASE}",
        )
    raise UsageError(f"{anchor[:7]} and {short} have no common ancestor", "name a base with --base")


def _parent(repo: Repo, commit: str) -> str:
    parent = repository.commit_of(repo, f"{commit}~1")
    if parent is not None:
        return parent
    if repository.is_shallow(repo):
        raise UsageError(
            f"this shallow clone does not hold the commit before {commit[:7]}", f"run {DEEPEN}, {NAME_BASE}"
        )
    raise UsageError(
        f"{commit[:7]} is the first commit and nothing has changed since: there is nothing to compare",
        "perfbench run measures it alone",
    )


def _raise_unknown(repo: Repo, name: str, what: str = "revision") -> str:
    listed = repository.run(
        repo, "for-each-ref", f"--count={MOST_NAMES}", "--format=%(refname:short)",
        "refs/heads", "refs/tags", "refs/remotes",
    )  # fmt: skip
    near = difflib.get_close_matches(name, [*listed.splitlines(), WORKTREE, "HEAD"], n=1)
    remedy = f"the nearest name is {near[0]}" if near else "git branch --all and git tag list the names"
    if not near and repository.is_shallow(repo):
        remedy = f"this clone is shallow: {DEEPEN} brings older commits"
    raise UsageError(f"unknown {what} {name!r}", remedy)
