"""Branches, and where commits stand to one another, in real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.measure.branches import Standing, current_branch, main_branch, standing
from perfbench.measure.repository import opened
from tests.commands.command_line import git, repository


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return repository(tmp_path / "project")


def test_the_branch_that_is_checked_out_is_named_and_a_detached_head_has_none(project: Path) -> None:
    git("switch", "--quiet", "--create", "feature/x", cwd=project)
    with opened(project) as repo:
        assert current_branch(repo) == "feature/x"
    git("switch", "--quiet", "--detach", cwd=project)
    with opened(project) as repo:
        assert current_branch(repo) == ""


def test_the_main_branch_is_the_configured_one_the_remotes_or_the_usual_one(
    project: Path, tmp_path: Path
) -> None:
    with opened(project) as repo:
        assert main_branch(repo, None) == "main"
        assert main_branch(repo, "trunk") == "trunk"
        assert main_branch(repo, "origin/trunk") == "trunk"
    git("branch", "--move", "main", "dev/trunk", cwd=project)
    with opened(project) as repo:
        assert main_branch(repo, None) == ""
    git("clone", "--quiet", str(project), "clone", cwd=tmp_path)
    with opened(tmp_path / "clone") as repo:
        assert main_branch(repo, None) == "dev/trunk"


def test_a_commit_is_an_ancestor_elsewhere_or_unknown(project: Path) -> None:
    first = git("rev-parse", "HEAD", cwd=project).strip()
    git("commit", "--quiet", "--amend", "--message=again", cwd=project)
    second = git("rev-parse", "HEAD", cwd=project).strip()
    git("commit", "--quiet", "--allow-empty", "--message=more", cwd=project)
    with opened(project) as repo:
        assert standing(repo, second, "HEAD") is Standing.ANCESTOR
        assert standing(repo, first, "HEAD") is Standing.ELSEWHERE
        assert standing(repo, "0" * 40, "HEAD") is Standing.UNKNOWN
        assert standing(repo, "--help", "HEAD") is Standing.UNKNOWN


def test_a_shallow_clone_cannot_tell(project: Path, tmp_path: Path) -> None:
    first = git("rev-parse", "HEAD", cwd=project).strip()
    git("commit", "--quiet", "--allow-empty", "--message=more", cwd=project)
    git("clone", "--quiet", "--depth=1", project.as_uri(), "clone", cwd=tmp_path)
    with opened(tmp_path / "clone") as repo:
        assert standing(repo, first, "HEAD") is Standing.CUT_OFF
