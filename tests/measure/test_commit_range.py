"""The commits between good and bad are those of one line of first parents."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.measure.commit_range import commit_range
from tests.measure.sample_project import SampleProject


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SampleProject:
    """first – second – merge – last, with two commits of a side branch in the merge."""
    made = SampleProject(tmp_path_factory.mktemp("range") / "project")
    for name in ("first", "second"):
        made.write("notes.txt", name)
        made.commit(name)
        made.git("tag", name)
    made.git("checkout", "--quiet", "-b", "side")
    for name in ("side-1", "side-2"):
        made.write(f"{name}.txt", name)
        made.commit(name)
        made.git("tag", name)
    made.git("checkout", "--quiet", "main")
    made.write("notes.txt", "ours")
    made.commit("third")
    made.git("merge", "--quiet", "--no-ff", "-m", "merge of side", "side")
    made.write("notes.txt", "last")
    made.commit("last")
    made.git("tag", "last")
    return made


def test_a_merge_is_one_commit_and_good_stands_first(project: SampleProject) -> None:
    found = commit_range(project.root, "first", "last")
    assert [one.subject for one in found] == ["first", "second", "third", "merge of side", "last"]
    assert found[0].commit == project.git("rev-parse", "first")
    assert all(one.date > 1e9 for one in found)


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("first", "first", "good and bad are the same commit"),
        ("last", "first", "lies before good"),
        ("side-1", "last", "is none of the first parents of bad"),
        ("nothing", "last", "unknown revision 'nothing'"),
        ("--all", "last", "unknown revision '--all'"),
        ("worktree", "last", "the working tree is no commit"),
    ],
)
def test_ends_that_do_not_fit_are_one_sentence(
    project: SampleProject, good: str, bad: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        commit_range(project.root, good, bad)


def test_a_subject_cannot_steer_a_terminal(tmp_path: Path) -> None:
    made = SampleProject(tmp_path / "project")
    made.commit("first")
    made.commit("red \x1b[31m subject")
    assert commit_range(made.root, "HEAD~1", "HEAD")[1].subject == "red  [31m subject"
