"""The user's git repository, read through GitPython; git's own words where it refuses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.errors import MissingComponentError, PerfbenchError, UsageError

if TYPE_CHECKING:
    from git import Repo

QUIET = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "advice.detachedHead=false",
    "-c",
    "advice.addEmbeddedRepo=false",
)
"""A user's hooks must not run for what perfbench checks out."""

_HOOK_VARIABLES = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
)  # fmt: skip


class GitRefusedError(PerfbenchError):
    """git ended with an error; `status` is its exit code, and the message its last line."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def opened(path: Path) -> Iterator[Repo]:
    """The repository around `path`.

    Raises MissingComponentError without git, UsageError where `path` lies in no repository, and
    GitRefusedError where git will not read it (a foreign owner).
    """
    if shutil.which("git") is None:
        raise MissingComponentError("git is not installed", "apt-get install git")
    for name in _HOOK_VARIABLES:
        # A git hook exports them for its own repository; every command here names its own.
        os.environ.pop(name, None)
    import git  # noqa: PLC0415  (70 ms)

    try:
        repo = git.Repo(path, search_parent_directories=True)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        raise UsageError(
            f"{path} lies in no git repository", "perfbench compares two commits, so run it in a clone"
        ) from None
    with repo:
        run(repo, "rev-parse", "--git-dir")  # says early what git has against this repository
        yield repo


def run(
    repo: Repo, *arguments: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> str:
    """The output of a git command, run at the top of the repository or in `cwd`. Raises GitRefusedError."""
    import git  # noqa: PLC0415

    command = git.Git(cwd or repo.working_tree_dir or repo.git_dir)
    try:
        output = command.execute(
            ["git", *QUIET, *arguments], env={"GIT_OPTIONAL_LOCKS": "0", **(environment or {})}
        )
    except git.GitCommandError as error:
        raise GitRefusedError(
            _last_line(str(error.stderr)), error.status if isinstance(error.status, int) else 1
        ) from None
    except git.GitCommandNotFound:
        raise MissingComponentError("git cannot be run", "apt-get install git") from None
    return str(output)


def commit_of(repo: Repo, name: str) -> str | None:
    """The full hash of the commit that `name` stands for, or None."""
    if name.startswith("-"):
        return None
    try:
        return run(repo, "rev-parse", "--quiet", "--verify", f"{name}^{{commit}}") or None
    except GitRefusedError:
        return None


def tree_of(repo: Repo, commit: str) -> str:
    """The hash of a commit's tree."""
    return run(repo, "rev-parse", "--verify", f"{commit}^{{tree}}")


def is_shallow(repo: Repo) -> bool:
    """Whether this clone lacks older commits."""
    return run(repo, "rev-parse", "--is-shallow-repository") == "true"


def top_of(repo: Repo) -> Path:
    """Where its files lie (the git folder of a bare repository), symbolic links resolved."""
    return Path(repo.working_tree_dir or repo.git_dir).resolve()


def keep_out(folder: Path, *patterns: str) -> None:
    """Have git pass over a folder of ours, whatever the user's .gitignore says, or does not say, about it.

    With `patterns`, only over what they name in it.
    """
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("".join(f"{pattern}\n" for pattern in patterns or ("*",)))


def find_repository(folder: Path, location: str) -> Path:
    """The top of the repository that an asv configuration in `folder` names by `location`.

    A path counts from `folder`. A URL stands for the repository around `folder` if that, or a remote of
    it (a fork's as well), goes by the same name; any other would be some other project. Raises UsageError.
    """
    if not _is_url(location):
        with opened(folder / location) as repo:
            return top_of(repo)
    with opened(folder) as repo:
        top = top_of(repo)
        names = {top.name.lower(), *(_name(url) for remote in repo.remotes for url in remote.urls)}
    if _name(location) in names:
        return top
    raise UsageError(
        f'"repo" is {location}, which is not the repository around {folder}',
        'clone that project and write its path as "repo"',
    )


def _is_url(location: str) -> bool:
    return "://" in location or (location.startswith("git@") and ":" in location)


def _name(url: str) -> str:
    """The last part of `git@host:owner/name.git` or `https://host/owner/name`."""
    return url.strip().rstrip("/").removesuffix(".git").replace(":", "/").rpartition("/")[2].lower()


def _last_line(stderr: str) -> str:
    text = stderr.strip().removeprefix("stderr: ").strip("'\n ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("hint:")]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return f"git: {(fatal or lines or ['no reason given'])[-1]}"
