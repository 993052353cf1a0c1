"""`perfbench history bisect` on a real little repository: the planted commit is found, and nothing is guessed.

Values come from track_ benchmarks, which repeat exactly: what is tested is the way from two commits to an answer.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perfbench.cli import main
from perfbench.commands.bisect_stored import stored_hints
from perfbench.commands.workspace import open_workspace
from perfbench.errors import ExitCode
from perfbench.measure.commit_range import commit_range
from perfbench.measure.discovery import CONTROL
from perfbench.model import BenchmarkId, Metric
from tests.commands.command_line import ROOT, perfbench, without_ci
from tests.commands.test_check import INSTALL, SAMPLE, sample_project
from tests.measure.sample_project import BARE, SampleProject
from tests.results.history.trees import store

BISECT = ("history", "bisect", "--rounds", "1", "--time-budget", "120 s")
"""One round is enough for values that repeat exactly."""

ROW = "bench.track_value"


def bisect(project: SampleProject, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON answer (empty without one) and all output."""
    answer = project.root.parent / "answer.json"
    answer.unlink(missing_ok=True)
    done = perfbench(*BISECT, "--json", str(answer), *arguments, cwd=project.root, **BARE)
    content: dict[str, Any] = json.loads(answer.read_text()) if answer.exists() else {}
    return done.returncode, content, done.stdout + done.stderr


def history(folder: Path, values: list[int | None]) -> tuple[SampleProject, list[str]]:
    """A project with a commit for each value; None is one that cannot be installed."""
    made = sample_project(folder)
    commits = []
    for number, value in enumerate(values):
        made.write("install.py", "raise SystemExit('not today')\n" if value is None else INSTALL)
        if value is not None:
            made.write("sample.py", SAMPLE.replace("100", str(value)))
        made.write("notes.txt", f"{number}\n")
        commits.append(made.commit(f"change number {number}"))
    return made, commits


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[SampleProject, list[str]]:
    """Eight commits, of which the sixth is a fifth slower."""
    return history(tmp_path_factory.mktemp("planted"), [100, 100, 100, 100, 100, 120, 120, 120])


@pytest.mark.xdist_group("bisect")
def test_the_planted_commit_is_found_with_its_subject_and_size(
    planted: tuple[SampleProject, list[str]],
) -> None:
    project, commits = planted
    code, answer, output = bisect(project, ROW, "--good", commits[0])
    assert (code, answer["outcome"]) == (ExitCode.PASSED, "found"), output
    assert answer["commit"]["commit"] == commits[5]
    assert answer["commit"]["subject"] == "change number 5"
    assert answer["before"]["commit"] == commits[4]
    assert (answer["change"]["ratio"], answer["direction"]) == (pytest.approx(1.2), "regression")
    assert {step["commit"]: step["likeness"] for step in answer["steps"]}[commits[4]] == "good"
    assert f"{ROW} regressed at {commits[5][:8]}" in output
    assert "Traceback" not in output
    assert project.git("status", "--porcelain") == ""


@pytest.mark.xdist_group("bisect")
def test_the_same_question_again_is_answered_from_what_was_measured(
    planted: tuple[SampleProject, list[str]],
) -> None:
    project, commits = planted
    first = bisect(project, ROW, "--good", commits[0])
    began = len(list((project.root / ".perfbench" / "bisect").glob("*/*.jsonl")))
    code, answer, output = bisect(project, ROW, "--good", commits[0])
    assert (code, answer["commit"]) == (first[0], first[1]["commit"])
    assert "going on where an earlier run stopped" in output
    assert "measuring" not in output
    assert len(list((project.root / ".perfbench" / "bisect").glob("*/*.jsonl"))) == began


@pytest.mark.xdist_group("bisect")
def test_ends_that_do_not_differ_are_said_and_are_exit_2(planted: tuple[SampleProject, list[str]]) -> None:
    project, commits = planted
    code, answer, output = bisect(project, ROW, "--good", commits[0], "--bad", commits[3])
    assert (code, answer["outcome"], answer["candidates"]) == (ExitCode.USAGE, "same", [])
    assert "good and bad do not differ by more than 5 %" in output


@pytest.mark.xdist_group("bisect")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("bench.track_valeu", "--good", "HEAD~3"), "did you mean bench.track_value"),
        (("bench.*", "--good", "HEAD~3"), "'bench.*' fits 2 rows; name one: bench.track_"),
        ((ROW, "--good", "no-such"), "unknown revision 'no-such'"),
        ((ROW, "--good", "HEAD"), "good and bad are the same commit"),
        ((ROW, "--good", "HEAD", "--bad", "HEAD~2"), "lies before good"),
        ((ROW, "--good", "worktree"), "the working tree is no commit"),
        ((ROW, "--good", "HEAD~3", "--limit", "5 ms"), "--limit '5 ms' is no percentage"),
        ((ROW, "--good", "HEAD~3", "--limit", "5"), "--limit 5 is no share"),
        ((ROW, "--good", "HEAD~3", "--rounds", "0"), "--rounds"),
        ((ROW, "--good", "HEAD~3", "--json", "no/such/answer.json"), "no/such"),
        ((ROW, "--bad", "HEAD~3"), "--good"),
    ],
)
def test_a_wrong_argument_is_exit_2_in_one_sentence(
    planted: tuple[SampleProject, list[str]],
    arguments: tuple[str, ...],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project, _ = planted
    monkeypatch.chdir(project.root)
    for name, value in BARE.items():
        monkeypatch.setenv(name, value)
    assert main(["history", "bisect", "--quiet", *arguments]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert told in said
    assert len(said.strip().splitlines()) == 1


def test_a_commit_that_cannot_be_built_beside_the_culprit_makes_the_answer_a_range(tmp_path: Path) -> None:
    project, commits = history(tmp_path, [100, None, 120])
    code, answer, output = bisect(project, ROW, "--good", commits[0])
    assert (code, answer["outcome"]) == (ExitCode.UNDECIDED, "range"), output
    assert [one["commit"] for one in answer["candidates"]] == commits[1:]
    assert answer["commit"] is None
    assert list(answer["skipped"]) == [commits[1]]
    assert "cannot be built: not today" in answer["skipped"][commits[1]]
    assert f"cannot tell between {commits[1][:8]} and {commits[2][:8]}" in output


def test_ctrl_c_keeps_what_was_measured_and_the_same_command_goes_on(tmp_path: Path) -> None:
    project, commits = history(tmp_path, [100, 100, 120])
    command = [sys.executable, "-m", "perfbench", *BISECT, ROW, "--good", commits[0]]
    environment = {**without_ci(os.environ), "PYTHONPATH": str(ROOT), **BARE}
    state = project.root / ".perfbench" / "bisect"
    with subprocess.Popen(
        command,
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as job:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and not any(state.glob("*/state.json")):
            time.sleep(0.05)
        job.send_signal(signal.SIGINT)
        output, _ = job.communicate(timeout=60)
    assert job.returncode == ExitCode.INTERRUPTED, output
    assert "the same command goes on where it stopped" in output
    assert "Traceback" not in output
    code, answer, output = bisect(project, ROW, "--good", commits[0])
    assert (code, answer["commit"]["commit"]) == (ExitCode.PASSED, commits[2]), output
    assert "going on where an earlier run stopped, after" in output
    assert "measuring bad against good" not in output


@pytest.mark.xdist_group("bisect")
def test_stored_results_of_this_machine_say_where_to_measure_first(
    planted: tuple[SampleProject, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, commits = planted
    drawn = random.Random(3)
    monkeypatch.setenv("PERFBENCH_MACHINE", "box")
    for number, commit in enumerate(commits):
        value = (100 if number < 5 else 120) * (1 + drawn.gauss(0, 0.001))
        store(project.root.parent / "results", number + 1, {ROW: value}, commit_hash=commit)
    monkeypatch.chdir(project.root)
    assert main(["history", "import", str(project.root.parent / "results")]) == 0
    workspace = open_workspace(project.root)
    named = commit_range(project.root, commits[0], commits[-1])
    row = replace(CONTROL, benchmark=BenchmarkId("sample", ROW), metric=Metric("track", "unit"))
    hints = stored_hints(workspace, row, named, 0.05)
    assert hints.note.startswith("stored results of py3.12 see")
    assert hints.commits == (commits[5], commits[4])
    monkeypatch.setenv("PERFBENCH_MACHINE", "other")
    assert stored_hints(workspace, row, named, 0.05).commits == ()
