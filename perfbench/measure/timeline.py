"""The commits of a branch in git's own order, by first parents: the order in which a branch got its states."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.errors import PerfbenchError, UsageError
from perfbench.measure import repository
from perfbench.measure.branches import current_branch, main_branch
from perfbench.model_history import Timeline

if TYPE_CHECKING:
    from git import Repo

MOST = 1_000_000
"""So many commits of a branch are read, the newest ones."""


def timelines(path: Path, branches: Sequence[str] = ()) -> tuple[Timeline, ...]:
    """The timeline of each branch of the repository around `path`, in one call of git for each.

    Without `branches` that is the main branch, or else the one that is checked out. A branch may be any name
    that git takes for a commit; a remote's is taken where there is none of one's own. Raises UsageError where
    `path` lies in no repository, or it has no such branch.
    """
    with repository.opened(path) as repo:
        names = branches or _default(repo)
        tags = _tags(repo) if names else {}
        return tuple(_timeline(repo, name, tags) for name in dict.fromkeys(names))


def commit_dates(path: Path) -> dict[str, float]:
    """Full hash → date, in seconds since the epoch, of every commit on a branch or tag of the repository around `path`.

    Empty where there is no repository.
    """
    try:
        with repository.opened(path) as repo:
            shown = repository.run(repo, "log", "--all", "--no-show-signature", "--format=%H %ct")
    except PerfbenchError:
        return {}
    return {line[:space]: float(line[space:]) for line in shown.splitlines() if (space := line.find(" ")) > 0}


def _default(repo: Repo) -> tuple[str, ...]:
    name = main_branch(repo, None) or current_branch(repo)
    return (name,) if name and _commit(repo, name) else ()


def _timeline(repo: Repo, name: str, tags: dict[str, str]) -> Timeline:
    head = _commit(repo, name)
    if head is None:
        raise UsageError(f"the repository has no branch {name!r}", "git branch --all lists them")
    shown = repository.run(
        repo, "log", "--first-parent", "--no-show-signature", f"--max-count={MOST}", "--format=%H %ct", head
    )
    lines = [line.split(" ", 1) for line in reversed(shown.splitlines())]
    commits = tuple(line[0] for line in lines)
    own = set(commits) & tags.keys() if tags else set()
    return Timeline(
        branch=name,
        commits=commits,
        dates=tuple(float(line[1]) for line in lines),
        tags={commit: tags[commit] for commit in commits if commit in own},
    )


def _commit(repo: Repo, name: str) -> str | None:
    """A branch here before one of the remote, and either before any other name."""
    for full in (f"refs/heads/{name}", f"refs/remotes/origin/{name}", name):
        commit = repository.commit_of(repo, full)
        if commit is not None:
            return commit
    return None


def _tags(repo: Repo) -> dict[str, str]:
    """Commit → the newest tag on it, by date; what tags a file or tree is left out."""
    shown = repository.run(
        repo, "for-each-ref", "--sort=creatordate", "refs/tags",
        "--format=%(objectname) %(*objectname) %(objecttype) %(*objecttype) %(refname:strip=2)",
    )  # fmt: skip
    found: dict[str, str] = {}
    for line in shown.splitlines():
        own, inner, kind, *rest = line.split(" ")
        if "commit" in (kind, rest[0]):
            found[inner if kind == "tag" else own] = " ".join(rest[1:])
    return found
