"""`perfbench history import`, `show` and `export` as a user runs them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.commands.command_line import git, perfbench, perfbench_process, repository
from tests.results.history.trees import store


def hashes(project: Path) -> list[str]:
    """The commits of main, the oldest first."""
    return git("rev-list", "--reverse", "main", cwd=project).split()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository of six commits, of which asv has measured all, and one that no branch has."""
    folder = repository(tmp_path / "project")
    for number in range(5):
        git("commit", "--quiet", "--allow-empty", f"--message={number}", cwd=folder)
    (folder / "asv.conf.json").write_text(
        '{"version": 1, "project": "demo", "repo": ".", "branches": ["main"]}'
    )
    for number, commit in enumerate([*hashes(folder), "f" * 40]):
        value = 0.1 if number < 3 else 0.3
        store(
            folder / "results", 100 - number, {"m.time_one": value, "m.time_two": 0.2},
            commit_hash=commit, name=f"{commit[:8]}-py.json",
        )  # fmt: skip
    return folder


def test_a_tree_of_the_project_is_shown_in_gits_order(project: Path) -> None:
    done = perfbench("history", "import", "results", cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("7 files imported: 7 runs, 14 points, ")
    shown = perfbench("history", "show", "*one", "--branch", "main", "--json", "--points", cwd=project)
    assert shown.returncode == 0, shown.stderr
    (series,) = json.loads(shown.stdout)["series"]
    assert (series["project"], series["branch"], series["count"]) == ("demo", "main", 6)
    assert [point["commit"] for point in series["points"]] == hashes(project)
    assert [point["value"] for point in series["points"]] == [0.1] * 3 + [0.3] * 3


def test_a_rewritten_commit_is_named_once_for_all_series(project: Path) -> None:
    perfbench("history", "import", "results", cwd=project)
    shown = perfbench("history", "show", "--json", cwd=project)
    said = [problem["message"] for problem in json.loads(shown.stdout)["problems"]]
    assert sum("ffffffff is not on main" in message for message in said) == 1
    assert sum("git's order counts" in message for message in said) == 1
    branches = [one["branch"] for one in json.loads(shown.stdout)["series"]]
    assert sorted(branches) == ["", "", "main", "main"]


def test_the_terminal_shows_a_table_or_points(project: Path) -> None:
    perfbench("history", "import", "results", cwd=project)
    many = perfbench("history", "show", cwd=project).stdout
    assert "  series      points  first" in many
    few = perfbench("history", "show", "m.time_one", "--branch", "main", cwd=project).stdout
    assert "m.time_one  time, seconds, 6 points" in few


def test_the_csv_goes_to_standard_output(project: Path) -> None:
    perfbench("history", "import", "results", cwd=project)
    done = perfbench("history", "export", "*two", "--format", "csv", cwd=project)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["benchmark"] for row in rows] == ["m.time_two"] * 7
    assert {row["value"] for row in rows} == {"0.2"}


def test_a_file_that_exists_is_kept(project: Path) -> None:
    perfbench("history", "import", "results", cwd=project)
    done = perfbench("history", "export", "--format", "jsonl", "-o", "README", cwd=project)
    assert (done.returncode, done.stderr) == (
        2,
        "perfbench: README exists already; name another one, or remove it\n",
    )
    done = perfbench("history", "export", "--format", "jsonl", "-o", "out.jsonl", cwd=project)
    assert done.stdout == "wrote out.jsonl: 14 points\n"


def test_asvs_files_come_out_and_in_again(project: Path) -> None:
    perfbench("history", "import", "results", cwd=project)
    assert perfbench("history", "export", "--format", "asv", "-o", "out", cwd=project).returncode == 0
    done = perfbench("history", "import", "out", "--project", "demo", "--history", "other", cwd=project)
    assert done.returncode == 0, done.stderr
    first = perfbench("history", "export", "--format", "jsonl", cwd=project).stdout
    assert (
        perfbench("history", "export", "--format", "jsonl", "--history", "other", cwd=project).stdout == first
    )


def test_dates_come_from_the_repository(project: Path) -> None:
    commit = hashes(project)[2]
    content = {"results": [{"command": "sleep 1", "mean": 1.0, "times": [1.0, 1.1], "exit_codes": [0, 0]}]}
    (project / "h.json").write_text(json.dumps(content))
    done = perfbench("history", "import", "h.json", "--commit", commit[:10], "--machine", "box", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    line = json.loads(perfbench("history", "export", "--format", "jsonl", cwd=project).stdout)
    assert line["date"] == float(git("show", "--no-patch", "--format=%ct", commit, cwd=project))


def test_everything_that_is_not_possible_is_one_sentence_with_a_remedy(project: Path) -> None:
    for arguments, part in (
        (["import"], "there is nothing to import; name result files"),
        (["import", "missing"], "there is no "),
        (["import", "--rebuild"], "there is no history in "),
        (["import", "results", "--rebuild"], "--rebuild reads what the history keeps"),
        (["import", "results", "--date", "soon"], "--date 'soon' is no date; write 2026-01-31"),
        (["import", "results", "--machine", " "], "--machine is empty"),
        (["import", "results", "--repo", "missing"], "there is no repository missing"),
        (["show"], "bring results in: perfbench history import PATH"),
        (["export", "--format", "asv"], "a tree of asv's needs a folder; name one with -o"),
        (["export", "--format", "csv"], "bring results in: perfbench history import PATH"),
    ):
        done = perfbench("history", *arguments, cwd=project)
        assert done.returncode == 2, arguments
        assert part in done.stderr
        assert done.stderr.count("\n") == 1
    perfbench("history", "import", "results", cwd=project)
    done = perfbench("history", "show", "m.time_oen", cwd=project)
    assert done.stderr == "perfbench: no series of the history fits 'm.time_oen'; the nearest is m.time_one\n"


def test_nothing_that_can_be_used_ends_with_3(project: Path) -> None:
    (project / "notes.json").write_text("{}")
    done = perfbench("history", "import", "notes.json", cwd=project)
    assert done.returncode == 3
    assert done.stdout.startswith("0 files imported, 1 left out")


def test_git_leaves_the_history_alone(project: Path) -> None:
    before = git("status", "--porcelain", cwd=project)
    perfbench("history", "import", "results", cwd=project)
    assert git("status", "--porcelain", cwd=project) == before


def test_it_is_the_same_in_a_process_of_its_own(project: Path) -> None:
    done = perfbench_process("history", "import", "results", cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("7 files imported: 7 runs, 14 points")
