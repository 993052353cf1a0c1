"""`perfbench baseline` keeps what was true before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perfbench.environment import machine_name
from perfbench.model import BenchmarkId, Metric, Run
from perfbench.results.runs import new_run
from perfbench.results.writer import ResultWriter
from tests.commands.command_line import perfbench, repository
from tests.results.samples import header

START = BenchmarkId("demo", "container.Lifecycle.time_start", (("runtime", "docker:runc"),))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one finished run of this machine."""
    folder = repository(tmp_path / "project")
    measure(folder, exit_code=0)
    return folder


def measure(project: Path, *, exit_code: int, dirty: bool = False) -> None:
    """Leave a run behind, as `perfbench run` does."""
    announced = header("head", dirty=dirty)
    side = announced.sides["head"]
    here = replace(side, environment=replace(side.environment, machine=machine_name()))
    with ResultWriter(new_run(project), replace(announced, sides={"head": here})) as writer:
        for number, value in enumerate((0.120, 0.130, 0.140)):
            writer.run("head", START, Metric("time", "seconds"), Run((value, value), number, 1.7e9))
        writer.finish(seconds=3.0, exit_code=exit_code)


def test_the_last_run_is_saved_listed_shown_and_removed(project: Path) -> None:
    saved = perfbench("baseline", "save", "before", cwd=project)
    assert (saved.returncode, saved.stderr) == (0, "")
    file = project / "baselines" / machine_name() / "main" / "before.jsonl"
    assert file.is_file()

    listed = perfbench("baseline", "list", cwd=project)
    assert "before  " in listed.stdout
    assert f"{machine_name()} (this machine)" in listed.stdout

    shown = perfbench("baseline", "show", "before", cwd=project)
    assert (
        "container.Lifecycle.time_start(docker:runc)   130 ms   3 rounds   0 of 6 stored runs" in shown.stdout
    )

    removed = perfbench("baseline", "remove", "before", cwd=project)
    assert (removed.returncode, file.exists()) == (0, False)


def test_no_baselines_is_no_error(project: Path) -> None:
    done = perfbench("baseline", "list", cwd=project)
    assert done.returncode == 0
    assert "save one with" in done.stdout


def test_a_damaged_baseline_is_listed_with_its_problem(project: Path) -> None:
    perfbench("baseline", "save", "before", cwd=project)
    (project / "baselines" / machine_name() / "main" / "before.jsonl").write_text("nonsense\n")
    done = perfbench("baseline", "list", cwd=project)
    assert done.returncode == 0
    assert "damaged" in done.stdout
    assert perfbench("baseline", "show", "before", cwd=project).returncode == 2


def test_a_baseline_is_replaced_only_on_demand(project: Path) -> None:
    perfbench("baseline", "save", "before", cwd=project)
    again = perfbench("baseline", "save", "before", cwd=project)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert perfbench("baseline", "save", "before", "--force", cwd=project).returncode == 0


@pytest.mark.parametrize(
    ("exit_code", "dirty", "words"),
    [(1, False, "regressed"), (0, True, "in no commit"), (3, False, "exit 3")],
)
def test_an_unfit_run_is_refused(exit_code: int, dirty: bool, words: str, project: Path) -> None:
    measure(project, exit_code=exit_code, dirty=dirty)
    done = perfbench("baseline", "save", "before", cwd=project)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (project / "baselines").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["save", "../outside"],
        ["save", "before", "--from", "nothing.jsonl"],
        ["save", "before", "--side", "base"],
        ["show", "nothing"],
        ["remove", "nothing"],
        ["remove", "before", "--machine", "../.."],
        ["shwo"],
    ],
    ids=" ".join,
)
def test_a_wrong_request_is_one_sentence(arguments: list[str], project: Path) -> None:
    done = perfbench("baseline", *arguments, cwd=project)
    assert done.returncode == 2
    assert done.stderr.startswith("perfbench: ")
    assert done.stderr.count("\n") == 1


def test_something_else_than_a_result_file_is_refused(project: Path) -> None:
    (project / "README").write_text("no result\n")
    done = perfbench("baseline", "save", "before", "--from", "README", cwd=project)
    assert done.returncode == 2
    assert "README" in done.stderr
