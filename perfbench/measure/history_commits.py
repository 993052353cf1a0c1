"""Which commits of a repository a history measures: by range, by tags, every n-th."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfbench.errors import UsageError
from perfbench.measure import repository

if TYPE_CHECKING:
    from git import Repo


def chosen_commits(
    repo: Repo,
    branches: Sequence[str] = (),
    *,
    within: str | None = None,
    tagged: bool = False,
    step: int = 1,
) -> tuple[str, ...]:
    """Full hashes, the newest first: the commits of `branches` (HEAD where none is named) by first parents.

    `within` is a range as `git rev-list` takes it and stands in the place of the branches; `tagged` keeps the
    commits that carry a tag. Of what is left every `step`-th is taken, counted from the oldest, so that commits
    that come later do not change the choice. Raises UsageError for a name that git does not know, and
    where nothing is left.
    """
    found = _listed(repo, [within] if within is not None else list(branches) or ["HEAD"])
    if tagged:
        carrying = set(repository.run(repo, "log", "--tags", "--no-walk", "--format=%H").split())
        found = [commit for commit in found if commit in carrying]
    oldest_first = found[::-1][::step]
    if not oldest_first:
        raise UsageError(*_nothing(within, tagged=tagged))
    return tuple(reversed(oldest_first))


def _listed(repo: Repo, names: Sequence[str]) -> list[str]:
    for name in names:
        if not name.strip() or name.startswith("-"):
            raise UsageError(f"{name!r} is no range of commits", "write it as A..B, or name a branch")
    try:
        return repository.run(
            repo, "rev-list", "--first-parent", "--date-order", "--end-of-options", *names, "--"
        ).split()
    except repository.GitRefusedError as error:
        shown = ", ".join(names)
        raise UsageError(
            f"{shown} names no commits ({error.message})", "`git log --oneline` lists them"
        ) from None


def _nothing(within: str | None, *, tagged: bool) -> tuple[str, str]:
    where = f"in {within}" if within is not None else "on the branches"
    if tagged:
        return f"no commit {where} carries a tag", "`git tag` lists them; leave out --tags"
    return f"there is no commit {where}", "the newer end of a range stands last: A..B"
