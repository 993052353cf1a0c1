from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from perfbench.errors import ExitCode, MissingComponentError, PerfbenchError, UsageError
from perfbench.measure.repository import find_repository
from perfbench.measure.revisions import Revision, choose_revisions, head_revision

from .sample_project import SampleProject, git


@pytest.fixture
def project(tmp_path: Path) -> SampleProject:
    project = SampleProject(tmp_path / "project")
    project.commit("first")
    return project


def chosen(
    project: SampleProject, base: str | None = None, head: str | None = None, main: str | None = None
) -> tuple[Revision, Revision]:
    return choose_revisions(project.root, base, head, main)


def refusal(root: Path, base: str | None = None, head: str | None = None, main: str | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        choose_revisions(root, base, head, main)
    assert caught.value.exit_code == ExitCode.USAGE
    return str(caught.value)


def state(project: SampleProject) -> tuple[str, ...]:
    """Everything of the user's that a snapshot must leave alone."""
    index = hashlib.sha256((project.root / ".git" / "index").read_bytes()).hexdigest()
    return (
        index,
        project.git("--no-optional-locks", "status", "--porcelain"),
        project.git("rev-parse", "HEAD"),
        project.git("stash", "list"),
    )


def test_on_the_main_branch_base_is_the_commit_before(project: SampleProject) -> None:
    first = project.git("rev-parse", "HEAD")
    project.write("sample.py", "VALUE = 2\n")
    second = project.commit()
    base, head = chosen(project)
    assert (base.commit, head.commit) == (first, second)
    assert (base.label, head.label, head.dirty) == (first[:7], second[:7], False)
    assert head.tree == project.git("rev-parse", "HEAD^{tree}")


def test_on_the_main_branch_with_changes_base_is_head_itself(project: SampleProject) -> None:
    project.write("sample.py", "VALUE = 2\n")
    base, head = chosen(project)
    commit = project.git("rev-parse", "HEAD")
    assert base == Revision(commit, project.git("rev-parse", "HEAD^{tree}"), False, commit[:7])
    assert (head.dirty, head.label) == (True, f"{commit[:7]}+changes")


@pytest.mark.parametrize("name", ["main", "master"])
def test_on_a_branch_base_is_where_it_left_main(project: SampleProject, name: str) -> None:
    project.git("branch", "--move", name)
    fork = project.git("rev-parse", "HEAD")
    project.git("switch", "--quiet", "--create", "work")
    project.commit("one")
    project.commit("two")
    assert chosen(project)[0].commit == fork
    project.git("checkout", "--quiet", "--detach")
    assert chosen(project)[0].commit == fork


def test_a_configured_main_branch_comes_before_the_usual_names(project: SampleProject) -> None:
    project.git("switch", "--quiet", "--create", "develop")
    fork = project.commit("on develop")
    project.git("switch", "--quiet", "--create", "work")
    project.commit("work")
    assert chosen(project, main="develop")[0].commit == fork
    assert "unknown main branch 'devlop'; the nearest name is develop" in refusal(project.root, main="devlop")


def test_without_any_main_branch_base_is_the_commit_before(project: SampleProject) -> None:
    project.git("branch", "--move", "trunk")
    first = project.git("rev-parse", "HEAD")
    project.commit("two")
    assert chosen(project)[0].commit == first


def test_the_remote_tracking_branch_comes_before_a_stale_local_one(
    project: SampleProject, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", str(project.root), "clone")
    clone = tmp_path / "clone"
    project.commit("upstream goes on")
    fork = project.commit("and on")
    git(clone, "fetch", "--quiet")
    git(clone, "switch", "--quiet", "--create", "work", "origin/main")
    git(clone, "commit", "--quiet", "--allow-empty", "-m", "work")
    assert choose_revisions(clone, None, None, None)[0].commit == fork
    assert choose_revisions(clone, None, None, "main")[0].commit == fork


def test_named_revisions_are_taken_as_git_takes_them(project: SampleProject) -> None:
    first = project.git("rev-parse", "HEAD")
    project.git("tag", "-a", "v1", "-m", "one")
    project.commit("two")
    project.commit("three")
    base, head = chosen(project, "v1", "HEAD~1")
    assert (base.commit, head.commit) == (first, project.git("rev-parse", "HEAD~1"))
    assert chosen(project, first[:8], "worktree")[0].commit == first


def test_a_dirty_head_holds_changed_new_and_deleted_files_and_leaves_the_user_alone(
    project: SampleProject,
) -> None:
    project.write(".gitignore", "*.tmp\n")
    project.write("old.py", "")
    project.commit()
    project.write("staged.py", "one\n")
    project.git("add", "staged.py")
    project.write("staged.py", "two\n")
    project.write("sample.py", "VALUE = 2\n")
    project.write("folder/new file.py", "")
    project.write("ignored.tmp", "")
    (project.root / "old.py").unlink()
    before = state(project)
    head = chosen(project)[1]
    assert state(project) == before
    files = project.git(
        "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", head.commit
    ).splitlines()
    assert {"staged.py", "sample.py", "folder/new file.py"} <= set(files)
    assert not {"old.py", "ignored.tmp"} & set(files)
    assert project.git("show", f"{head.commit}:staged.py") == "two"
    assert project.git("rev-parse", f"{head.commit}^") == project.git("rev-parse", "HEAD")


def test_the_same_changes_give_the_same_snapshot(project: SampleProject) -> None:
    project.write("sample.py", "VALUE = 2\n")
    first = chosen(project)[1]
    assert chosen(project)[1] == first
    project.write("sample.py", "VALUE = 3\n")
    assert chosen(project)[1].tree != first.tree


def test_a_change_that_was_undone_is_none(project: SampleProject) -> None:
    project.write("sample.py", "VALUE = 2\n")
    project.git("add", "sample.py")
    project.write("sample.py", "VALUE = 1\n")
    assert not head_revision(project.root, None).dirty


def test_the_tools_own_folder_is_no_change_whoever_ignores_it(project: SampleProject) -> None:
    project.write(".perfbench/runs/one.jsonl", "")
    assert not head_revision(project.root, None).dirty
    project.write(".gitignore", ".perfbench\n")
    project.commit()
    assert not head_revision(project.root, None).dirty
    assert project.git("status", "--porcelain") == ""


def test_a_subfolder_stands_for_its_whole_repository(project: SampleProject) -> None:
    project.write("sample.py", "VALUE = 2\n")
    assert choose_revisions(project.root / "benchmarks", None, None, None) == chosen(project)


def test_a_hooks_variables_lead_nowhere(project: SampleProject, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("sample.py", "VALUE = 2\n")
    expected = chosen(project)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", str(project.root / ".git" / "next-index"))
    assert chosen(project) == expected


def test_git_runs_no_hook_of_the_users(project: SampleProject) -> None:
    hook = project.root / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hook-ran\n")
    hook.chmod(0o755)
    project.write("sample.py", "VALUE = 2\n")
    assert chosen(project)[1].dirty
    assert not (project.root / "hook-ran").exists()


def test_an_unknown_revision_names_the_nearest(project: SampleProject) -> None:
    project.git("tag", "v1.20.0")
    assert refusal(project.root, "v1.2.0") == "unknown revision 'v1.2.0'; the nearest name is v1.20.0"
    assert "git branch --all" in refusal(project.root, "0123456789abcdef")
    assert "unknown revision '--all'" in refusal(project.root, "--all")
    assert "unknown revision 'HEAD~9'" in refusal(project.root, head="HEAD~9")


def test_the_first_commit_has_nothing_before_it(project: SampleProject) -> None:
    assert "is the first commit and nothing has changed since" in refusal(project.root)


def test_a_repository_without_commits_is_refused(tmp_path: Path) -> None:
    assert "no commits yet" in refusal(SampleProject(tmp_path / "new").root)


def test_a_folder_outside_any_repository_is_refused(tmp_path: Path) -> None:
    assert "lies in no git repository" in refusal(tmp_path)


def test_a_bare_repository_has_no_worktree_to_measure(project: SampleProject, tmp_path: Path) -> None:
    second = project.commit("two")
    git(tmp_path, "clone", "--quiet", "--bare", str(project.root), "bare.git")
    assert "a bare repository has no working tree" in refusal(tmp_path / "bare.git")
    assert choose_revisions(tmp_path / "bare.git", None, "HEAD", None)[1].commit == second


def test_a_shallow_clone_without_the_parent_is_told_to_deepen(project: SampleProject, tmp_path: Path) -> None:
    first = project.git("rev-parse", "HEAD")
    project.commit("two")
    git(tmp_path, "clone", "--quiet", "--depth=1", project.root.as_uri(), "clone")
    assert "run git fetch --deepen=100" in refusal(tmp_path / "clone")
    assert "this clone is shallow: git fetch --deepen=100" in refusal(tmp_path / "clone", first)
    git(tmp_path / "clone", "fetch", "--quiet", "--deepen=100")
    assert choose_revisions(tmp_path / "clone", None, None, None)[0].commit == first


def test_a_shallow_clone_without_the_fork_is_told_to_deepen(project: SampleProject, tmp_path: Path) -> None:
    fork = project.git("rev-parse", "HEAD")
    project.git("switch", "--quiet", "--create", "work")
    project.commit("one")
    project.commit("two")
    project.git("switch", "--quiet", "main")
    project.commit("main goes on")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", project.root.as_uri(), "clone")
    git(clone, "switch", "--quiet", "work")
    assert "does not reach back to where" in refusal(clone)
    assert "git fetch --deepen=100" in refusal(clone)
    git(clone, "fetch", "--quiet", "--deepen=100")
    assert choose_revisions(clone, None, None, None)[0].commit == fork


def test_a_shallow_clone_of_one_branch_is_told_to_fetch_main(project: SampleProject, tmp_path: Path) -> None:
    fork = project.git("rev-parse", "HEAD")
    project.git("switch", "--quiet", "--create", "work")
    project.commit("one")
    project.commit("two")
    project.git("switch", "--quiet", "main")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=2", "--branch=work", project.root.as_uri(), "clone")
    told = refusal(clone)
    assert "git fetch --deepen=100 origin '+refs/heads/*:refs/remotes/origin/*'" in told
    git(clone, "fetch", "--quiet", "--deepen=100", "origin", "+refs/heads/*:refs/remotes/origin/*")
    assert choose_revisions(clone, None, None, None)[0].commit == fork


def test_histories_without_a_common_ancestor_are_told_apart_from_shallow_ones(project: SampleProject) -> None:
    project.git("checkout", "--quiet", "--orphan", "other")
    project.commit("unrelated")
    assert "no common ancestor" in refusal(project.root)


def test_changes_inside_a_submodule_are_refused(project: SampleProject, tmp_path: Path) -> None:
    library = SampleProject(tmp_path / "library")
    library.commit()
    project.git("submodule", "--quiet", "add", str(library.root), "vendor/library")
    project.commit()
    assert not head_revision(project.root, None).dirty
    (project.root / "vendor/library/sample.py").write_text("VALUE = 5\n")
    assert "submodule vendor/library has changes of its own" in refusal(project.root)


def test_large_untracked_files_are_refused(project: SampleProject) -> None:
    with (project.root / "data.bin").open("wb") as file:
        file.truncate(600 * 1024 * 1024)
    assert "untracked files (such as data.bin) are too large" in refusal(project.root)


def test_without_git_the_package_to_install_is_named(
    project: SampleProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingComponentError, match="git is not installed; apt-get install git"):
        chosen(project)


def test_a_damaged_repository_is_said_in_gits_words(project: SampleProject) -> None:
    (project.root / ".git" / "index").write_bytes(b"no index at all, but long enough to be one")
    with pytest.raises(PerfbenchError, match=r"^git: fatal: .*index"):
        chosen(project)


def test_a_url_means_the_repository_around_the_configuration(project: SampleProject) -> None:
    benchmarks = project.root / "benchmarks"
    assert find_repository(benchmarks, "..") == project.root
    assert find_repository(benchmarks, "https://example.org/ann/project.git") == project.root
    with pytest.raises(UsageError, match="is not the repository around"):
        find_repository(benchmarks, "https://example.org/ann/other.git")
    project.git("remote", "add", "origin", "git@example.org:fork/other.git")
    assert find_repository(benchmarks, "https://example.org/ann/other") == project.root


def test_a_url_outside_any_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lies in no git repository"):
        find_repository(tmp_path, "https://example.org/ann/project.git")
    with pytest.raises(UsageError, match="lies in no git repository"):
        find_repository(tmp_path, "../nothing")
    assert os.environ.get("GIT_DIR") is None
