"""Stored baselines: what may become one, and what a damaged one says."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import ExitCode, PerfbenchError, UsageError
from perfbench.model import Measurement, Outcome, Summary
from perfbench.results import stored_history
from perfbench.results.baselines import (
    branch_folder,
    find,
    load,
    machines_with,
    path_of,
    remove,
    save,
    stored,
)
from perfbench.results.result_file import Header, ResultFile, RowOutcome
from perfbench.results.writer import ResultWriter

from .samples import CALL, ENVIRONMENT, START, TIME, header, run


def result(*values: float, dirty: bool = False) -> ResultFile:
    """A finished run of one row on two sides."""
    measured = (Measurement(START, TIME, (run(*values),), ENVIRONMENT, "head"),)
    return ResultFile(
        header("base", "head", dirty=dirty), {"base": measured, "head": measured}, exit_code=0, seconds=2.0
    )


def test_a_saved_baseline_reads_back(tmp_path: Path) -> None:
    skipped = RowOutcome(CALL, Outcome.SKIPPED, "not installed", ("base", "head"))
    path = save(tmp_path, "main", replace(result(1.0, 2.0), outcomes=(skipped,)))
    assert path == tmp_path / "box" / "main.jsonl"
    back = load(tmp_path, "box", "main")
    assert list(back.sides) == ["head"]
    assert back.side()[0].runs == (run(1.0, 2.0),)
    assert back.outcomes == (replace(skipped, sides=("head",)),)
    assert (back.complete, back.problems) == (True, ())


def test_a_baseline_tells_nothing_of_the_command_line_and_can_be_read_by_a_team(tmp_path: Path) -> None:
    path = save(tmp_path, "main", result(1.0))
    assert "--quick" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRUSR
    assert load(tmp_path, "box", "main").header.arguments == ()


def test_a_baseline_is_replaced_only_when_told(tmp_path: Path) -> None:
    save(tmp_path, "main", result(1.0))
    with pytest.raises(UsageError, match="exists already"):
        save(tmp_path, "main", result(2.0))
    assert load(tmp_path, "box", "main").side()[0].runs[0].values == (1.0,)
    save(tmp_path, "main", result(2.0), overwrite=True)
    assert load(tmp_path, "box", "main").side()[0].runs[0].values == (2.0,)


FAILED = RowOutcome(CALL, Outcome.FAILED, "it raised", ("head",))
UNFIT = [
    (replace(result(1.0), exit_code=1), "has just regressed"),
    (replace(result(1.0), exit_code=3), "did not succeed"),
    (replace(result(1.0), exit_code=130), "did not succeed"),
    (replace(result(1.0), outcomes=(FAILED,)), "failed in this run"),
    (replace(result(1.0), complete=False), "not finished"),
    (replace(result(1.0), sides={"head": ()}), "measured nothing"),
    (result(1.0, dirty=True), "in no commit"),
]


@pytest.mark.parametrize(("unfit", "said"), UNFIT)
def test_an_unfit_run_never_replaces_a_baseline(tmp_path: Path, unfit: ResultFile, said: str) -> None:
    path = save(tmp_path, "main", result(1.0))
    before = path.read_bytes()
    with pytest.raises(UsageError, match=said) as caught:
        save(tmp_path, "main", unfit, overwrite=True, allow_dirty=True)
    assert caught.value.remedy
    assert path.read_bytes() == before


@pytest.mark.parametrize(("unfit", "said"), UNFIT)
def test_an_unfit_run_does_not_become_a_new_baseline_either(
    tmp_path: Path, unfit: ResultFile, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        save(tmp_path, "main", unfit)
    assert stored(tmp_path) == []


def test_changes_without_a_commit_may_be_a_new_baseline_where_that_is_allowed(tmp_path: Path) -> None:
    save(tmp_path, "draft", result(1.0, dirty=True), allow_dirty=True)
    assert load(tmp_path, "box", "draft").header.sides["head"].dirty


def test_an_undecided_run_may_be_a_baseline(tmp_path: Path) -> None:
    assert save(tmp_path, "main", replace(result(1.0), exit_code=ExitCode.UNDECIDED)).exists()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc/x", "a\0b", ".x", "-x", "a b", "x" * 101, "ü"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    for attempt in (
        lambda: save(tmp_path, name, result(1.0)),
        lambda: load(tmp_path, "box", name),
        lambda: load(tmp_path, name, "main"),
        lambda: remove(tmp_path, "box", name),
    ):
        with pytest.raises(UsageError, match="cannot be the name"):
            attempt()
    assert list(tmp_path.iterdir()) == []


def test_the_machine_of_a_foreign_file_without_one_is_refused(tmp_path: Path) -> None:
    nameless = result(1.0)
    sides = {"head": replace(nameless.header.sides["head"], environment=replace(ENVIRONMENT, machine=""))}
    with pytest.raises(UsageError, match="on which machine"):
        save(tmp_path, "main", replace(nameless, header=Header("", 0.0, sides)))


def test_a_side_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it has base, head"):
        save(tmp_path, "main", result(1.0), side="tail")


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"\x00\xff garbage",
        lambda data: data[: len(data) // 2],
        lambda data: data.rsplit(b"\n", 2)[0] + b"\n",
        lambda data: data.replace(b'"values":[', b'"values":["x",'),
        lambda data: b"<<<<<<< HEAD\n" + data,
        lambda data: data + b"=======\n" + data,
    ],
    ids=["empty", "garbage", "halved", "without its end", "wrong type", "conflict", "joined"],
)
def test_a_damaged_baseline_is_one_sentence_and_exit_2(tmp_path: Path, damage: object) -> None:
    path = save(tmp_path, "main", result(1.0))
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(PerfbenchError, match=r"main\.jsonl is damaged") as caught:
        load(tmp_path, "box", "main")
    assert caught.value.exit_code == ExitCode.USAGE
    assert "version control" in caught.value.remedy
    assert "damaged" in stored(tmp_path)[0].problem


def test_all_baselines_of_all_machines_are_listed(tmp_path: Path) -> None:
    (tmp_path / "thresholds.toml").touch()
    save(tmp_path, "main", result(1.0))
    save(tmp_path, "dev", result(1.0))
    other = result(1.0)
    sides = {"head": replace(other.header.sides["head"], environment=replace(ENVIRONMENT, machine="ci"))}
    save(
        tmp_path,
        "main",
        replace(other, header=replace(other.header, sides=sides), sides={"head": other.side()}),
    )
    assert [(entry.machine, entry.name, entry.rows, entry.commit) for entry in stored(tmp_path)] == [
        ("box", "dev", 1, "abc"),
        ("box", "main", 1, "abc"),
        ("ci", "main", 1, "abc"),
    ]


def test_a_missing_baseline_names_what_may_have_been_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="baseline save main"):
        load(tmp_path / "none", "box", "main")
    save(tmp_path, "main", result(1.0))
    with pytest.raises(UsageError, match=r"did you mean main\?"):
        load(tmp_path, "box", "mian")
    with pytest.raises(UsageError, match="box has one"):
        load(tmp_path, "ci", "main")


def test_a_removed_baseline_leaves_nothing(tmp_path: Path) -> None:
    save(tmp_path, "main", result(1.0))
    remove(tmp_path, "box", "main")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="no baseline"):
        remove(tmp_path, "box", "main")


def test_a_save_that_fails_leaves_the_old_baseline_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path, "main", result(1.0))
    before = path.read_bytes()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ResultWriter, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, "main", result(2.0), overwrite=True)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["main.jsonl"]


def test_what_a_killed_save_left_does_not_stop_the_next(tmp_path: Path) -> None:
    path = save(tmp_path, "main", result(1.0))
    path.with_name(".main.jsonl.new").write_text("half")
    save(tmp_path, "main", result(2.0), overwrite=True)
    assert [entry.name for entry in path.parent.iterdir()] == ["main.jsonl"]


def test_each_branch_has_its_own_and_those_of_none_serve_all(tmp_path: Path) -> None:
    everyones = save(tmp_path, "main", result(1.0))
    own = save(tmp_path, "main", result(2.0), branch="feature/x")
    assert own.parent.parent == everyones.parent
    assert load(tmp_path, "box", "main", "feature/x").side()[0].runs[0].values == (2.0,)
    assert find(tmp_path, "box", "main", ("feature/x", "main")) == "feature/x"
    assert find(tmp_path, "box", "main", ("feature/y", "main")) == ""
    assert [(entry.branch, entry.name) for entry in stored(tmp_path)] == [
        ("", "main"),
        (own.parent.name, "main"),
    ]
    save(tmp_path, "night", result(1.0), branch="dev")
    with pytest.raises(UsageError, match="the branch dev has one, which serves no other"):
        find(tmp_path, "box", "night", ("feature/x", "main"))


@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200))
def test_any_two_branches_have_two_folders_below_the_machines(one: str, other: str) -> None:
    root = Path("/baselines")
    path = path_of(root, "box", "main", one)
    assert path.parent.parent == root / "box"
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,100}", path.parent.name)
    assert path.parent.name not in (".", "..")
    assert (path == path_of(root, "box", "main", other)) == (one == other)


def test_a_branch_that_is_a_safe_name_is_its_folder() -> None:
    assert branch_folder("release-1.2") == "release-1.2"
    assert branch_folder("feature/x").startswith("feature-x-")


def test_a_history_is_no_baseline_and_goes_with_its_own(tmp_path: Path) -> None:
    path = save(tmp_path, "main", result(1.0), branch="dev")
    stored_history.write(stored_history.beside(path), stored_history.History())
    assert [entry.name for entry in stored(tmp_path)] == ["main"]
    with pytest.raises(UsageError, match="cannot be the name"):
        load(tmp_path, "box", "main.history")
    assert machines_with(tmp_path, "main") == ["box"]
    assert machines_with(tmp_path, "dev") == []
    remove(tmp_path, "box", "main", "dev")
    assert list(tmp_path.iterdir()) == []


def test_summaries_without_samples_are_no_baseline(tmp_path: Path) -> None:
    summary = replace(result(1.0).side()[0], runs=(), summary=Summary(median=1.0))
    with pytest.raises(UsageError, match="tells no samples"):
        save(tmp_path, "main", replace(result(1.0), sides={"head": (summary,)}))
