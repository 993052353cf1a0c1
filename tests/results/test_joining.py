"""Several files as one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.environment import incompatibility
from perfbench.errors import UsageError
from perfbench.model import BenchmarkId, Environment, Measurement, Outcome, Summary
from perfbench.results.joining import Named, join, only
from perfbench.results.result_file import Header, ResultFile, RowOutcome, SideHeader

from .samples import CALL, ENVIRONMENT, START, TIME, measurement_lists, run


def file(
    *rounds: int, sides: tuple[str, ...] = ("head",), environment: Environment = ENVIRONMENT
) -> ResultFile:
    """A file with those rounds of one row on each side."""
    runs = tuple(run(float(number), number=number) for number in rounds)
    row = Measurement(START, TIME, runs, environment, "some.json")
    side = SideHeader("", environment.commit, False, environment)
    return ResultFile(Header("", 1.0, dict.fromkeys(sides, side)), dict.fromkeys(sides, (row,)), seconds=2.0)


def joined(*files: ResultFile) -> ResultFile:
    return join([Named(f"file {n}", each) for n, each in enumerate(files)], incompatibility)


def ended(row: BenchmarkId) -> RowOutcome:
    return RowOutcome(row, Outcome.FAILED, "why", ("head",))


def test_one_file_stays_as_it_is() -> None:
    alone = file(0, 1)
    assert joined(alone) is alone


def test_a_row_of_several_files_gets_the_runs_of_all_in_rounds_of_their_own() -> None:
    result = joined(file(0, 2), file(0, 1))
    (row,) = result.side()
    assert [(found.round, found.values) for found in row.runs] == [
        (0, (0.0,)),
        (2, (2.0,)),
        (3, (0.0,)),
        (4, (1.0,)),
    ]
    assert result.seconds == 4.0


def test_base_and_head_of_one_file_stay_in_the_same_rounds() -> None:
    result = joined(file(0, 1), file(0, 1, sides=("base", "head")))
    assert [found.round for found in result.side("base")[0].runs] == [2, 3]
    assert [found.round for found in result.side()[0].runs] == [0, 1, 2, 3]


def test_rows_of_one_file_alone_are_kept() -> None:
    other = file(0)
    other = replace(other, sides={"head": (replace(other.side()[0], benchmark=CALL),)})
    assert {row.benchmark for row in joined(file(0), other).side()} == {START, CALL}


@pytest.mark.parametrize(
    ("changed", "said"), [({"machine": "other"}, "machine"), ({"commit": "def"}, "commit")]
)
def test_a_row_of_different_machines_or_commits_is_refused(changed: dict[str, str], said: str) -> None:
    other = file(0, environment=replace(ENVIRONMENT, **changed))  # type: ignore[arg-type]
    with pytest.raises(
        UsageError, match=f"file 0 and file 1 both hold .*the {said} differs.*convert them apart"
    ):
        joined(file(0), other)


def test_what_ended_in_one_file_and_was_measured_in_another_was_measured() -> None:
    first = replace(file(0), outcomes=(ended(START), ended(CALL)))
    result = joined(first, replace(first, complete=False))
    assert ([found.benchmark for found in result.outcomes], result.complete) == ([CALL], False)


def test_summaries_do_not_add_up_and_the_first_one_stays() -> None:
    one = file(0)
    empty = replace(one.side()[0], runs=(), summary=Summary(median=1.0))
    result = joined(replace(one, sides={"head": (empty,)}), replace(one, sides={"head": (empty,)}))
    assert result.side() == (empty,)
    assert joined(replace(one, sides={"head": (empty,)}), one).side()[0].summary is None


def test_one_side_alone_has_its_own_outcomes() -> None:
    both = replace(
        file(0, sides=("base", "head")), outcomes=(ended(CALL), RowOutcome(START, Outcome.NEW, "", ("base",)))
    )
    alone = only(both, "head")
    assert list(alone.sides) == list(alone.header.sides) == ["head"]
    assert [found.benchmark for found in alone.outcomes] == [CALL]
    with pytest.raises(UsageError, match="there is no side 'haed'; there is 'base', 'head'"):
        only(both, "haed")


@given(st.lists(measurement_lists(), min_size=2, max_size=3))
def test_no_sample_is_lost_and_no_round_stands_twice(lists: list[list[Measurement]]) -> None:
    files = [
        ResultFile(Header("", 0.0, {"head": SideHeader("", "", False, ENVIRONMENT)}), {"head": tuple(rows)})
        for rows in lists
    ]
    rows = joined(*files).side()
    samples = [repr(value) for row in rows for found in row.runs for value in found.values]
    before = [repr(value) for found in lists for row in found for one in row.runs for value in one.values]
    assert sorted(samples) == sorted(before)
    for row in rows:
        numbers = [found.round for found in row.runs]
        assert len(set(numbers)) == len(numbers)
