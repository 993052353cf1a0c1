"""`perfbench clean` removes what is left over, inside `.perfbench`, and nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.command_line import ROOT, git, perfbench, repository


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a built side, a log and a stored run."""
    folder = repository(tmp_path / "project")
    state = folder / ".perfbench"
    side = state / "sides" / "0123456789abcdef"
    side.mkdir(parents=True)
    git("worktree", "add", "--quiet", "--detach", str(side / "tree"), "HEAD", cwd=folder)
    (side / "complete.json").write_text("{}")
    for name in ("logs/base.log", "runs/20250101T000000.000Z-abcdef.jsonl"):
        (state / name).parent.mkdir()
        (state / name).write_text("kept\n")
    return folder


def remaining(project: Path) -> set[str]:
    """Files below `.perfbench`, folders and locks left out."""
    state = project / ".perfbench"
    files = {path for path in state.rglob("*") if path.is_file() and not path.name.startswith(".")}
    return {str(path.relative_to(state)) for path in files}


def test_sides_and_logs_go_and_runs_stay(project: Path) -> None:
    done = perfbench("clean", cwd=project)
    assert done.returncode == 0
    assert remaining(project) == {"runs/20250101T000000.000Z-abcdef.jsonl"}
    assert f"removed {project}/.perfbench/sides/0123456789abcdef\n" in done.stdout


def test_git_forgets_the_worktree_of_a_side(project: Path) -> None:
    perfbench("clean", cwd=project)
    assert git("worktree", "list", cwd=project).count("\n") == 1


def test_all_removes_the_runs_as_well(project: Path) -> None:
    assert perfbench("clean", "--all", cwd=project).returncode == 0
    assert remaining(project) == set()


def test_all_removes_runs_from_the_output_folder_and_nothing_else_there(
    project: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept/runs"
    kept.mkdir(parents=True)
    ours = ("20250101T000000.000Z-abcdef.jsonl", "20250101T000000.000Z-abcdef.log")
    for name in (*ours, "report.html", "20250101.jsonl"):
        (kept / name).write_text("kept\n")
    here = {"PERF_OUTPUT_DIR": str(kept.parent)}
    assert perfbench("clean", cwd=project, **here).returncode == 0
    assert len(list(kept.iterdir())) == 4
    done = perfbench("clean", "--all", cwd=project, **here)
    assert done.returncode == 0
    assert sorted(path.name for path in kept.iterdir()) == ["20250101.jsonl", "report.html"]
    assert f"removed {kept / ours[1]}\n" in done.stdout


def test_no_output_folder_behind_a_link_is_emptied(project: Path, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "20250101T000000.000Z-abcdef.jsonl").write_text("gold")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/runs").symlink_to(treasure)
    done = perfbench("clean", "--all", cwd=project, PERF_OUTPUT_DIR=str(tmp_path / "kept"))
    assert done.returncode == 2
    assert list(treasure.iterdir())


def test_a_dry_run_says_what_would_go_and_removes_nothing(project: Path) -> None:
    before = remaining(project)
    done = perfbench("clean", "--all", "--dry-run", cwd=project)
    assert done.returncode == 0
    assert done.stdout.count("would remove") == 4
    assert remaining(project) == before


def test_it_works_from_below_and_twice(project: Path) -> None:
    below = project / "src"
    below.mkdir()
    assert perfbench("clean", "--all", cwd=below).returncode == 0
    done = perfbench("clean", "--all", cwd=below)
    assert done.returncode == 0
    assert "nothing in" in done.stdout


@pytest.mark.parametrize("name", [".perfbench", ".perfbench/sides", ".perfbench/runs"])
def test_nothing_behind_a_link_is_removed(name: str, project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (project / name).rename(elsewhere)
    (project / name).symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    done = perfbench("clean", "--all", cwd=project)
    assert done.returncode == 2
    assert "symbolic link" in done.stderr
    assert sorted(elsewhere.rglob("*")) == before


def test_a_link_among_the_sides_goes_without_what_it_leads_to(project: Path, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "gold").write_text("gold")
    (project / ".perfbench/sides/link").symlink_to(treasure)
    assert perfbench("clean", cwd=project).returncode == 0
    assert not (project / ".perfbench/sides/link").is_symlink()
    assert (treasure / "gold").read_text() == "gold"


def test_outside_of_a_repository_it_sweeps_and_says_so(tmp_path: Path) -> None:
    assert perfbench("clean", "--sandboxes", cwd=tmp_path).returncode == 0
    done = perfbench("clean", cwd=tmp_path)
    assert done.returncode == 2
    assert "no git repository" in done.stderr


def test_contrary_options_are_refused(project: Path) -> None:
    done = perfbench("clean", "--all", "--sandboxes", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")


OWNER = """
import sys, time
from perfbench.sandbox.runtimes import runtime
sandbox = runtime("process").create()
sandbox.start()
print(sandbox.id, flush=True)
time.sleep(60)
"""


def test_only_the_sandboxes_of_dead_owners_go(project: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert owner.stdout is not None
        sandbox = owner.stdout.readline().strip()
        while_alive = perfbench("clean", "--sandboxes", cwd=project).stdout
        owner.send_signal(signal.SIGKILL)
        owner.wait(30)
        after_death = perfbench("clean", "--sandboxes", cwd=project).stdout
    finally:
        owner.kill()
        owner.communicate()
    assert sandbox
    assert sandbox not in while_alive
    assert f"removed sandbox {sandbox}\n" in after_death
    assert remaining(project)
