"""A branch as git knows it: first parents, the oldest first, with tags."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.measure.timeline import commit_dates, timelines
from tests.commands.command_line import git, repository


def commit(folder: Path, message: str) -> str:
    """An empty commit; its full hash."""
    git("commit", "--quiet", "--allow-empty", f"--message={message}", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder).strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return repository(tmp_path / "project")


def first(project: Path) -> str:
    return git("rev-list", "--max-parents=0", "HEAD", cwd=project).strip()


def test_commits_come_the_oldest_first_with_their_dates(project: Path) -> None:
    second = commit(project, "second")
    (line,) = timelines(project)
    assert (line.branch, line.commits) == ("main", (first(project), second))
    assert list(line.dates) == [
        float(each) for each in git("log", "--reverse", "--format=%ct", cwd=project).split()
    ]


def test_what_was_merged_is_no_state_of_the_branch(project: Path) -> None:
    git("checkout", "--quiet", "-b", "side", cwd=project)
    aside = commit(project, "aside")
    git("checkout", "--quiet", "main", cwd=project)
    git("merge", "--quiet", "--no-ff", "--message=merge", "side", cwd=project)
    merged = git("rev-parse", "HEAD", cwd=project).strip()
    main, side = timelines(project, ["main", "side"])
    assert main.commits == (first(project), merged)
    assert side.commits == (first(project), aside)


def test_tags_of_either_kind_are_on_their_commits(project: Path) -> None:
    git("tag", "light", cwd=project)
    second = commit(project, "second")
    git("tag", "--annotate", "--message=v", "v1.0", cwd=project)
    blob = git("rev-parse", "HEAD:README", cwd=project).strip()
    git("tag", "file", blob, cwd=project)
    (line,) = timelines(project, ["main"])
    assert dict(line.tags) == {first(project): "light", second: "v1.0"}


def test_a_branch_that_is_not_there_is_named(project: Path) -> None:
    with pytest.raises(UsageError, match="no branch 'gone'"):
        timelines(project, ["gone"])


def test_no_name_is_taken_for_an_option(project: Path) -> None:
    with pytest.raises(UsageError):
        timelines(project, ["--all"])


def test_dates_of_commits_on_any_branch_are_known(project: Path, tmp_path: Path) -> None:
    git("checkout", "--quiet", "-b", "side", cwd=project)
    aside = commit(project, "aside")
    git("checkout", "--quiet", "main", cwd=project)
    assert commit_dates(project).keys() == {first(project), aside}
    assert commit_dates(tmp_path) == {}
