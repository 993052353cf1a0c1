from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.measure import repository
from perfbench.measure.history_commits import chosen_commits
from tests.measure.sample_project import SampleProject


class Grown(SampleProject):
    """A repository whose main branch has commits 0 to 5, and between 2 and 3 the merge of a branch of one commit."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.main = [self.commit(str(number)) for number in range(3)]
        self.git("checkout", "--quiet", "-b", "side", "HEAD~1")
        self.side = self.commit("side")
        self.git("checkout", "--quiet", "main")
        self.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
        self.main += [self.git("rev-parse", "HEAD")]
        self.main += [self.commit(str(number)) for number in (4, 5)]
        self.git("tag", "v1", self.main[1])
        self.git("tag", "-a", "v2", "-m", "two", self.main[4])
        self.git("tag", "on-the-side", self.side)

    def chosen(self, branches: Sequence[str] = ("main",), **wanted: object) -> list[str]:
        with repository.opened(self.root) as repo:
            return list(chosen_commits(repo, branches, **wanted))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Grown:
    return Grown(tmp_path_factory.mktemp("grown") / "project")


def test_a_branch_is_its_first_parents_the_newest_first(grown: Grown) -> None:
    assert grown.chosen() == grown.main[::-1]


def test_without_branches_it_is_what_is_checked_out(grown: Grown) -> None:
    assert grown.chosen(()) == grown.main[::-1]


def test_several_branches_share_their_commits(grown: Grown) -> None:
    assert sorted(grown.chosen(("main", "side"))) == sorted([*grown.main, grown.side])


def test_a_range_leaves_out_its_older_end(grown: Grown) -> None:
    assert grown.chosen(within=f"{grown.main[1]}..{grown.main[4]}") == grown.main[4:1:-1]


def test_every_third_is_counted_from_the_oldest(grown: Grown) -> None:
    assert grown.chosen(step=3) == [grown.main[3], grown.main[0]]


def test_commits_that_come_later_do_not_change_the_choice(grown: Grown) -> None:
    before = grown.chosen(within=grown.main[3], step=2)
    assert set(before) < set(grown.chosen(step=2))


def test_tags_of_either_kind_are_followed_to_commits_of_the_branch(grown: Grown) -> None:
    assert grown.chosen(tagged=True) == [grown.main[4], grown.main[1]]
    assert grown.chosen(tagged=True, within=f"{grown.main[1]}..main") == [grown.main[4]]


@pytest.mark.parametrize("name", ["nowhere..main", "--all", "", "main..nowhere"])
def test_a_range_that_git_does_not_know_is_refused(grown: Grown, name: str) -> None:
    with pytest.raises(UsageError, match=r"names no commits|is no range"):
        grown.chosen(within=name)


def test_a_range_without_commits_is_said(grown: Grown) -> None:
    with pytest.raises(UsageError, match=r"there is no commit in main\.\.main; the newer end"):
        grown.chosen(within="main..main")
    with pytest.raises(UsageError, match="carries a tag; `git tag` lists them"):
        grown.chosen(within=f"{grown.main[4]}..main", tagged=True)
