"""Which branch a tree is on, and where a commit stands to another, for baselines that belong to a branch."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from perfbench.measure import repository

if TYPE_CHECKING:
    from git import Repo

_NOT_AN_ANCESTOR = 1  # git merge-base --is-ancestor


class Standing(Enum):
    """Where a stored commit stands to head."""

    ANCESTOR = "an ancestor"
    ELSEWHERE = "no ancestor"
    UNKNOWN = "not in this repository"
    CUT_OFF = "not in this shallow clone"


def current_branch(repo: Repo) -> str:
    """The branch that is checked out; empty where none is, as in most checkouts of a pull request."""
    return _short(repo, "HEAD", "refs/heads/")


def main_branch(repo: Repo, configured: str | None) -> str:
    """The name of the main branch without its remote; empty where nothing here looks like one."""
    if configured is not None:
        return configured.removeprefix("refs/").removeprefix("remotes/").removeprefix("origin/")
    remote = _short(repo, "refs/remotes/origin/HEAD", "refs/remotes/origin/")
    if remote:
        return remote
    known = (f"refs/{kind}/{name}" for name in ("main", "master") for kind in ("remotes/origin", "heads"))
    found = next((name for name in known if repository.commit_of(repo, name)), "")
    return found.rpartition("/")[2]


def standing(repo: Repo, commit: str, head: str) -> Standing:
    """Where `commit` (a hash) stands to `head`."""
    if repository.commit_of(repo, commit) is None:
        return Standing.CUT_OFF if repository.is_shallow(repo) else Standing.UNKNOWN
    try:
        repository.run(repo, "merge-base", "--is-ancestor", commit, head)
    except repository.GitRefusedError as error:
        if error.status != _NOT_AN_ANCESTOR:
            raise
        return Standing.CUT_OFF if repository.is_shallow(repo) else Standing.ELSEWHERE
    return Standing.ANCESTOR


def _short(repo: Repo, symbolic: str, prefix: str) -> str:
    try:
        return repository.run(repo, "symbolic-ref", "--quiet", symbolic).removeprefix(prefix)
    except repository.GitRefusedError:
        return ""
