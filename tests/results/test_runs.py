"""Where runs are kept and how they are named."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.results.runs import (
    KEPT,
    files_of_runs,
    new_run,
    resolve,
    resolve_part,
    stored_runs,
    workspace,
)

NOON = datetime(2024, 3, 1, 12, 0, 0, 250_000, UTC)


@pytest.fixture(autouse=True)
def _no_output_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERF_OUTPUT_DIR", raising=False)


def test_runs_lie_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERF_OUTPUT_DIR", "deep/kept")
    run = new_run(tmp_path / "project", NOON)
    run.touch()
    assert run.parent == tmp_path / "deep/kept/runs"
    assert stored_runs(tmp_path / "project") == [resolve("@last", tmp_path / "project")] == [run]
    assert (run.parent / ".gitignore").read_text() == "*\n"
    monkeypatch.setenv("PERF_OUTPUT_DIR", "")
    assert stored_runs(tmp_path / "project") == []
    assert [path.name for path in new_run(tmp_path, NOON).parent.iterdir()] == []


def test_a_folder_of_the_users_own_keeps_what_git_knows_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept/runs").mkdir(parents=True)
    monkeypatch.setenv("PERF_OUTPUT_DIR", str(tmp_path / "kept"))
    new_run(tmp_path, NOON)
    assert not (tmp_path / "kept/runs/.gitignore").exists()


def test_an_output_folder_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").write_text("a file")
    monkeypatch.setenv("PERF_OUTPUT_DIR", str(tmp_path / "kept"))
    with pytest.raises(UsageError, match="kept/runs"):
        new_run(tmp_path, NOON)


def test_only_what_runs_have_left_is_theirs(tmp_path: Path) -> None:
    run = new_run(tmp_path, NOON)
    log, note = run.with_suffix(".log"), run.with_suffix(".txt")
    for path in (run, log, note):
        path.touch()
    run.with_name(f"{run.stem[:-6]}eeeeee.jsonl").mkdir()
    run.with_name(f"{run.stem[:-6]}ffffff.jsonl").symlink_to(note)
    assert files_of_runs(run.parent) == sorted([run, log])
    assert files_of_runs(tmp_path / "absent") == []


def test_runs_sort_by_the_time_of_their_start(tmp_path: Path) -> None:
    for minutes in (5, 0, 90, 14):
        new_run(tmp_path, NOON + timedelta(minutes=minutes)).touch()
    assert [run.name[:19] for run in stored_runs(tmp_path)] == [
        "20240301T120000.250",
        "20240301T120500.250",
        "20240301T121400.250",
        "20240301T133000.250",
    ]


def test_runs_that_start_at_once_have_different_names(tmp_path: Path) -> None:
    assert new_run(tmp_path, NOON) != new_run(tmp_path, NOON)


def test_the_oldest_runs_make_room_and_other_files_stay(tmp_path: Path) -> None:
    note = new_run(tmp_path, NOON).with_name("note.txt")
    note.touch()
    for minutes in range(KEPT + 5):
        newest = new_run(tmp_path, NOON + timedelta(minutes=minutes))
        newest.touch()
    runs = stored_runs(tmp_path)
    assert len(runs) == KEPT
    assert runs[-1] == newest
    assert note.exists()


def test_the_last_run_has_a_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="perfbench run"):
        resolve("@last", tmp_path)
    new_run(tmp_path, NOON).touch()
    last = new_run(tmp_path, NOON + timedelta(seconds=1))
    last.touch()
    assert resolve("@last", tmp_path) == last


def test_a_run_is_found_by_its_name_or_the_beginning_of_it(tmp_path: Path) -> None:
    first, second = new_run(tmp_path, NOON), new_run(tmp_path, NOON + timedelta(days=1))
    first.touch()
    second.touch()
    assert resolve(first.stem, tmp_path) == first
    assert resolve("20240302", tmp_path) == second
    with pytest.raises(UsageError, match="2 runs"):
        resolve("2024", tmp_path)


def test_a_path_is_itself(tmp_path: Path) -> None:
    (tmp_path / "x.json").touch()
    assert resolve(str(tmp_path / "x.json"), tmp_path) == tmp_path / "x.json"


@pytest.mark.parametrize("name", ["", "nothing", "x" * 5000, "a\0b", "@lats"])
def test_what_is_neither_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no file and no run"):
        resolve(name, tmp_path)


def test_measuring_does_not_make_a_clean_tree_dirty(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    new_run(tmp_path).touch()
    seen = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain"], check=True, capture_output=True, text=True
    )
    assert seen.stdout == ""


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".perfbench").write_text("a file in the way")
    with pytest.raises(UsageError, match="cannot"):
        new_run(tmp_path)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_project_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="writable"):
        workspace(tmp_path)


def test_what_stands_behind_an_at_sign_is_a_part_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    file = tmp_path / "one@two.json"
    file.touch()
    assert resolve_part(f"{folder}@1a2b3c/box", tmp_path) == (folder, "1a2b3c/box")
    assert resolve_part(str(file), tmp_path) == (file, "")
    with pytest.raises(UsageError, match="no file and no run"):
        resolve_part(f"{tmp_path}/nowhere@1a2b3c", tmp_path)
    with pytest.raises(UsageError, match="no last run"):
        resolve_part("@last", tmp_path)
