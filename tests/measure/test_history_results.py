from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.measure import history_results as results
from perfbench.measure.history_results import REASONS, Tally

NEW, OLD = "a" * 40, "b" * 40
COLUMNS = ["result", "params", "version", "duration"]
LETTERS = [["'x'", "'y'"]]


def write(folder: Path, commit: str = NEW, environment: str = "py3", **benchmarks: list[Any]) -> Path:
    """A file as asv writes it."""
    content = {
        "commit_hash": commit,
        "env_name": environment,
        "result_columns": COLUMNS,
        "results": benchmarks,
        "version": 2,
    }
    path = folder / f"{commit[:8]}-{environment}.json"
    path.write_text(json.dumps(content))
    return path


def note(folder: Path, benchmark: str, param: int | None = None, *, lacking: bool = True) -> None:
    entry = {
        "commit": NEW,
        "environment": "py3",
        "benchmark": benchmark,
        "param": param,
        "lacking": lacking,
        "reason": "x",
    }
    with (folder / REASONS).open("a") as file:
        file.write(json.dumps(entry) + "\n")


def values(path: Path, benchmark: str) -> list[Any]:
    found: list[Any] = json.loads(path.read_text())["results"][benchmark][0]
    return found


@pytest.mark.parametrize("kept", [0, 1, 20, -1])
def test_a_file_that_is_cut_short_is_put_aside_under_a_name_that_asv_passes_over(
    tmp_path: Path, kept: int
) -> None:
    good, bad = write(tmp_path, one=[[1.0], []]), write(tmp_path, environment="py4", one=[[1.0], []])
    bad.write_text(bad.read_text()[:kept])
    (aside,) = results.put_aside_spoilt(tmp_path, [NEW, OLD])
    assert aside.name == f"{bad.name}.spoilt"
    assert aside.exists()
    assert not bad.exists()
    assert good.exists()


@given(st.binary(max_size=200))
def test_a_file_of_anything_is_put_aside_or_is_one_of_asv(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / f"{NEW[:8]}-py3.json").write_bytes(content)
    assert len(results.put_aside_spoilt(folder, [NEW])) == 1
    assert results.tally(folder, [NEW]) == Tally()


def test_the_environments_of_a_commit_are_those_that_have_a_whole_file(tmp_path: Path) -> None:
    write(tmp_path, one=[[1.0], []])
    write(tmp_path, environment="py4", one=[[1.0], []]).write_text("{")
    write(tmp_path, OLD, "py5", one=[[1.0], []])
    assert results.environments_of(tmp_path, NEW) == {"py3"}
    assert results.environments_of(tmp_path / "none", NEW) == frozenset()


def test_a_row_that_was_not_asked_for_is_opened_to_be_measured_and_one_that_was_skipped_is_not(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, one=[[math.nan, 2.0], LETTERS], two=[[math.nan, math.nan], LETTERS])
    note(tmp_path, "two", 0)
    note(tmp_path, "two", 1, lacking=False)
    assert results.reopen_unexplained(tmp_path, [NEW]) == 1
    assert values(path, "one") == [None, 2.0]
    assert all(map(math.isnan, values(path, "two")))
    assert results.reopen_unexplained(tmp_path, [NEW]) == 0


def test_only_rows_that_are_selected_are_opened(tmp_path: Path) -> None:
    path = write(tmp_path, one=[[math.nan, math.nan], LETTERS])
    assert results.reopen_unexplained(tmp_path, [NEW], [r"one\('y'\)"]) == 1
    assert math.isnan(values(path, "one")[0])
    assert values(path, "one")[1] is None


def test_rows_that_were_not_even_begun_are_skipped_with_the_reason_and_those_that_failed_stay(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path, one=[None, LETTERS, "1"], two=[None, LETTERS, "1", 0.5], three=[[3.0], [], "1", 0.5]
    )
    other = write(tmp_path, environment="py4", one=[None, LETTERS, "1"])
    assert results.skip_unmeasured(tmp_path, NEW[:8], "py3", "it is not to be installed") == 2
    assert all(map(math.isnan, values(path, "one")))
    assert values(path, "two") is None
    assert values(path, "three") == [3.0]
    assert values(other, "one") is None
    reason = results.read_reasons(tmp_path)[NEW, "py3", "one", 1]
    assert (reason["lacking"], reason["reason"]) == (True, "it is not to be installed")
    assert results.reopen_unexplained(tmp_path, [NEW]) == 0


def test_rows_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        one=[[1.0, None], LETTERS],
        two=[[math.nan], []],
        three=[[math.nan], []],
        four=[None, LETTERS],
    )
    note(tmp_path, "two")
    note(tmp_path, "three", lacking=False)
    assert results.tally(tmp_path, [NEW]) == Tally(values=1, skipped=2, failed=3, lacking=1)
    assert results.tally(tmp_path, [NEW], ["^two", "'x'"]) == Tally(values=1, skipped=1, failed=1, lacking=1)


def test_a_reason_whose_line_was_cut_short_is_passed_over_and_the_latest_counts(tmp_path: Path) -> None:
    note(tmp_path, "one")
    note(tmp_path, "one", lacking=False)
    with (tmp_path / REASONS).open("a") as file:
        file.write('{"commit": "aa')
    ((row, entry),) = results.read_reasons(tmp_path).items()
    assert row == (NEW, "py3", "one", 0)
    assert entry["lacking"] is False


@pytest.mark.parametrize(
    "row", [None, 3, [], [[1.0, 2.0], []], [[1.0], [["1"] * 1000] * 3], [{}, []], [None, [["1"] * 1000] * 3]]
)
def test_a_row_that_does_not_fit_its_params_is_passed_over(tmp_path: Path, row: Any) -> None:
    write(tmp_path, one=row)
    assert results.tally(tmp_path, [NEW]) in (Tally(), Tally(failed=1))
    assert results.reopen_unexplained(tmp_path, [NEW]) == 0
