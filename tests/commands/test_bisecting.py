"""The search of a bisection, with what each pair shows made up: what is measured, what is kept, how it ends."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from perfbench.commands.bisect_pair import Measuring, Pair
from perfbench.commands.bisect_state import BisectState, open_state
from perfbench.commands.bisecting import Search
from perfbench.errors import ExitCode, MeasurementError
from perfbench.measure.discovery import CONTROL
from perfbench.model import Better, Comparison, Metric, Outcome
from perfbench.model_history import Bisection, BisectOutcome, Direction, Likeness, NamedCommit
from perfbench.reports.bisect_report import render, render_json
from tests.analysis.samples import RATE, TIME, row
from tests.reports import paper
from tests.reports.golden import assert_golden


class Silent:
    """Hears what is said of the way."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


@dataclass
class MadeUp:
    """Stands in for measuring: every commit has a value, known to `spread`; `broken` ones cannot be measured.

    A pair (first, second) may have figures of its own in `odd`: the ratio that it shows.
    """

    values: Mapping[str, float]
    spread: Mapping[str, float] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    odd: Mapping[tuple[str, str], float] = field(default_factory=dict)
    metric: Metric = TIME
    pairs: list[tuple[str, str]] = field(default_factory=list)
    progress: Silent = field(default_factory=Silent)
    interrupted_at: int = -1

    @property
    def row(self) -> Any:
        return replace(CONTROL, benchmark=row("bench.time_it"), metric=self.metric)

    def pair(self, first: str, second: str, *, limit: float, better: Better, seconds: float | None) -> Pair:
        if len(self.pairs) == self.interrupted_at:
            raise KeyboardInterrupt
        self.pairs.append((first, second))
        failed = tuple(commit for commit in (first, second) if commit in self.broken)
        if failed:
            return Pair(Outcome.FAILED, self.broken[failed[0]], failed=failed)
        ratio = self.odd.get((first, second), self.values[second] / self.values[first])
        spread = max(self.spread.get(commit, 0.01) for commit in (first, second))
        found = comparison(self.metric, ratio, spread)
        worse = (found.low, found.high) if better is not Better.HIGHER else (1 / found.high, 1 / found.low)
        outcome = Outcome.INCONCLUSIVE
        if worse[0] > 1 + limit:
            outcome = Outcome.REGRESSED
        elif worse[1] < 1 / (1 + limit):
            outcome = Outcome.IMPROVED
        elif worse[1] <= 1 + limit:
            outcome = Outcome.PASSED
        return Pair(outcome, "", found)


def comparison(metric: Metric, ratio: float, spread: float) -> Comparison:
    return Comparison(
        benchmark=row("bench.time_it"), metric=metric, base=1.0, head=ratio, ratio=ratio, low=ratio * (1 - spread),
        high=ratio * (1 + spread), confidence=0.95, head_low=0.0, head_high=math.inf, p=0.0, p_adjusted=0.0,
        detectable=0.0, rounds=10, paired=True,
    )  # fmt: skip


def commits(count: int) -> list[NamedCommit]:
    return [NamedCommit(f"{n}{'0' * 39}", f"change number {n}", 1.7e9 + n * 86_400) for n in range(count)]


def stepped(places: Sequence[float]) -> dict[str, float]:
    return {one.commit: value for one, value in zip(commits(len(places)), places, strict=True)}


def search(measuring: MadeUp, folder: Path, **about: Any) -> Search:
    folder.mkdir(exist_ok=True)
    state: BisectState = open_state(folder, ("made", "up"), {}, restart=False)
    return Search(cast(Measuring, measuring), commits(len(measuring.values)), 0.05, state, **about)


def found(measuring: MadeUp, folder: Path, **about: Any) -> Bisection:
    return search(measuring, folder, **about).run()


def names(bisection: Bisection) -> list[str]:
    return [one.commit[0] for one in bisection.candidates]


def test_the_commit_is_found_and_measured_against_the_one_before_it(tmp_path: Path) -> None:
    measuring = MadeUp(stepped([1, 1, 1, 1, 1, 1.2, 1.2, 1.2]))
    answer = found(measuring, tmp_path)
    assert (answer.outcome, answer.exit_code, names(answer)) == (BisectOutcome.FOUND, ExitCode.PASSED, ["5"])
    assert answer.change is not None
    assert answer.change.against[0] == "4"
    assert answer.change.ratio == pytest.approx(1.2)
    assert measuring.pairs[0][1][0] == "7"
    assert (measuring.pairs[-1][0][0], measuring.pairs[-1][1][0]) == ("4", "5")


def test_neighbours_need_one_measurement(tmp_path: Path) -> None:
    measuring = MadeUp(stepped([1, 1.2]))
    assert names(found(measuring, tmp_path)) == ["1"]
    assert len(measuring.pairs) == 1


@pytest.mark.parametrize(
    ("metric", "after", "direction"),
    [
        (TIME, 0.8, Direction.IMPROVEMENT),
        (RATE, 0.8, Direction.REGRESSION),
        (RATE, 1.3, Direction.IMPROVEMENT),
        (Metric("track", "files", Better.NONE), 0.7, Direction.CHANGE),
    ],
)
def test_a_change_either_way_is_found_and_called_by_its_name(
    tmp_path: Path, metric: Metric, after: float, direction: Direction
) -> None:
    answer = found(MadeUp(stepped([1, 1, 1, after, after]), metric=metric), tmp_path)
    assert (names(answer), answer.direction) == (["3"], direction)


def test_ends_that_do_not_differ_end_it_with_2(tmp_path: Path) -> None:
    answer = found(MadeUp(stepped([1, 1.3, 1])), tmp_path)
    assert (answer.outcome, answer.exit_code, names(answer)) == (BisectOutcome.SAME, ExitCode.USAGE, [])


def test_ends_that_noise_hides_end_it_with_4_and_are_measured_anew(tmp_path: Path) -> None:
    noisy = MadeUp(stepped([1, 1.1]), spread={commits(2)[1].commit: 0.2})
    answer = found(noisy, tmp_path)
    assert (answer.outcome, answer.exit_code) == (BisectOutcome.UNSURE, ExitCode.UNDECIDED)
    assert names(found(MadeUp(stepped([1, 1.1])), tmp_path)) == ["1"]


def test_what_noise_hides_against_good_is_asked_against_bad(tmp_path: Path) -> None:
    first, middle, last = (one.commit for one in commits(3))
    measuring = MadeUp(stepped([1, 1.2, 1.2]), odd={(first, middle): 1.1})
    assert names(found(measuring, tmp_path)) == ["1"]
    assert (middle, last) in measuring.pairs


def test_noise_gives_a_range_and_no_wrong_commit(tmp_path: Path) -> None:
    values = stepped([1, 1, 1, 1.2, 1.2, 1.2])
    spread = dict.fromkeys(list(values)[2:4], 0.3)
    answer = found(MadeUp(values, spread=spread), tmp_path)
    assert (answer.outcome, answer.exit_code) == (BisectOutcome.RANGE, ExitCode.UNDECIDED)
    assert names(answer) == ["2", "3", "4"]
    assert answer.reason == "cannot tell between 20000000 and 40000000"


def test_two_steps_of_one_change_are_a_range(tmp_path: Path) -> None:
    answer = found(MadeUp(stepped([1, 1, 1.2, 1.44, 1.44])), tmp_path)
    assert (answer.outcome, names(answer)) == (BisectOutcome.RANGE, ["2", "3"])


def test_broken_commits_beside_the_culprit_are_candidates_with_their_reason(tmp_path: Path) -> None:
    values = stepped([1, 1, 1, 1.2, 1.2, 1.2])
    broken = {commits(6)[2].commit: "head cannot be built: not today"}
    answer = found(MadeUp(values, broken=broken), tmp_path)
    assert (names(answer), dict(answer.skipped)) == (["2", "3"], broken)


def test_broken_commits_elsewhere_do_no_harm(tmp_path: Path) -> None:
    values = stepped([1, 1, 1, 1, 1, 1.2, 1.2, 1.2])
    answer = found(MadeUp(values, broken={commits(8)[3].commit: "no"}), tmp_path)
    assert names(answer) == ["5"]


def test_an_end_that_cannot_be_measured_is_one_sentence(tmp_path: Path) -> None:
    broken = {commits(2)[0].commit: "head cannot run it"}
    with pytest.raises(
        MeasurementError, match=r"^good 00000000 cannot be measured: head cannot run it; name ends"
    ):
        found(MadeUp(stepped([1, 1.2]), broken=broken), tmp_path)


def test_a_commit_whose_own_change_is_not_there_is_not_named(tmp_path: Path) -> None:
    one = [commit.commit for commit in commits(5)]
    measuring = MadeUp(stepped([1, 1, 1, 1.2, 1.2]), odd={(one[2], one[3]): 1.0})
    answer = found(measuring, tmp_path)
    assert answer.outcome is BisectOutcome.RANGE
    assert set(names(answer)) >= {"3", "4"}
    assert "itself, against the commit before it, shows 0 %" in answer.reason


def test_hints_save_measurements_and_decide_nothing(tmp_path: Path) -> None:
    values = {f"{number:040d}": 1.2 if number >= 30 else 1.0 for number in range(60)}
    listed = [NamedCommit(commit) for commit in values]
    hints = (listed[30].commit, listed[29].commit)
    for hinted, wrong in ((hints, False), ((listed[10].commit, listed[9].commit), True)):
        measuring = MadeUp(values)
        state = open_state(tmp_path, hinted, {}, restart=False)
        answer = Search(cast(Measuring, measuring), listed, 0.05, state, hinted).run()
        assert [one.commit for one in answer.candidates] == [listed[30].commit]
        assert wrong or len(measuring.pairs) == 4


def test_it_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    values = stepped([1, 1, 1, 1, 1, 1.2, 1.2, 1.2])
    whole = MadeUp(values)
    found(whole, tmp_path / "whole")
    for at in range(len(whole.pairs)):
        folder = tmp_path / str(at)
        first, second = MadeUp(values, interrupted_at=at), MadeUp(values)
        with pytest.raises(KeyboardInterrupt):
            found(first, folder)
        assert names(found(second, folder)) == ["5"]
        assert first.pairs + second.pairs == whole.pairs


def test_when_the_time_is_up_it_says_what_is_left_and_a_later_run_goes_on(tmp_path: Path) -> None:
    measuring = MadeUp(stepped([1, 1, 1.2, 1.2]))
    answer = found(measuring, tmp_path, deadline=0.0)
    assert (answer.outcome, answer.exit_code) == (BisectOutcome.UNFINISHED, ExitCode.UNDECIDED)
    assert measuring.pairs == []
    assert names(found(measuring, tmp_path)) == ["2"]


def test_zero_to_something_is_found(tmp_path: Path) -> None:
    measuring = MadeUp(stepped([1, 1, 1, 1]), metric=replace(TIME, unit="files"))
    one = [commit.commit for commit in commits(4)]
    measuring.odd = {(one[0], one[3]): math.inf, (one[0], one[2]): math.inf, (one[1], one[2]): math.inf}
    assert names(found(measuring, tmp_path)) == ["2"]


@pytest.mark.parametrize("name", ["found", "range"])
def test_the_answer_looks_as_it_did(tmp_path: Path, name: str) -> None:
    values = stepped([1, 1, 1, 1, 1, 1.2, 1.2, 1.2])
    broken = {commits(8)[4].commit: "head 4000000 cannot be built: not today"} if name == "range" else {}
    answer = found(MadeUp(values, broken=broken), tmp_path, notes=["stored results of py3.11 narrow nothing"])
    sheet, page = paper.log(100)
    render(answer, sheet)
    assert_golden(f"bisect_{name}.txt", page.text)
    assert_golden(f"bisect_{name}.json", render_json(answer, "1.0"))


def test_a_step_that_is_clear_is_not_measured_against_bad(tmp_path: Path) -> None:
    measuring = MadeUp(stepped([1, 1, 1.2]))
    answer = found(measuring, tmp_path)
    assert [step.likeness for step in answer.steps] == [Likeness.GOOD]
    assert len(measuring.pairs) == 3
