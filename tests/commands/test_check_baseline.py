"""`perfbench check --baseline` from end to end, on a small foreign project whose values repeat exactly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from perfbench.environment import machine_name
from perfbench.errors import ExitCode
from tests.commands.command_line import Done, perfbench
from tests.measure.sample_project import BARE, SampleProject

BENCH = """
import sample

def track_value():
    return sample.value()

track_value.unit = "widgets"

def track_steady():
    return 7
"""

INSTALL = """
import pathlib, shutil, sysconfig

shutil.copy(pathlib.Path(__file__).with_name("sample.py"), sysconfig.get_path("purelib"))
"""
"""Instead of pip, which other tests run: an installation that takes no time."""

SLOWER = "def value():\n    return 130\n"

ACCEPTED = """
[[accepted]]
pattern = "bench.track_value"
metric = "track"
reason = "more widgets"
author = "Ann"
date = 2026-01-01
expires = {expires}
ceiling = "{ceiling}"
"""


pytestmark = pytest.mark.xdist_group("check_baseline")

ONE_ROUND = ("--rounds", "1")
"""For checks that need no interval."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[SampleProject, Path]:
    """A project with a baseline `before` of its first commit, on main; and a copy of its folder."""
    commands = {"build_command": [], "install_command": ["python {build_dir}/install.py"]}
    folder = tmp_path_factory.mktemp("prepared")
    made = SampleProject(folder / "project", commands)
    made.write("install.py", INSTALL)
    made.write("sample.py", "def value():\n    return 100\n")
    made.write("benchmarks/bench.py", BENCH)
    made.commit("first")
    assert measured(made, "run").returncode == ExitCode.PASSED
    saved = perfbench("baseline", "promote", "before", cwd=made.root)
    assert (saved.returncode, saved.stderr) == (0, "")
    made.commit("keep it")
    return made, Path(shutil.copytree(made.root, folder / "copy", symlinks=True))


@pytest.fixture
def project(prepared: tuple[SampleProject, Path]) -> SampleProject:
    """That project as it was made, in the same place, since what is built there knows it."""
    made, copy = prepared
    shutil.rmtree(made.root)
    shutil.copytree(copy, made.root, symlinks=True)
    return made


def measured(project: SampleProject, *arguments: str, **environment: str) -> Done:
    """What a command that measures said and ended with; `--rounds` among its arguments counts."""
    command, *rest = arguments
    quick = ("--rounds", "6", "--quiet", "--time-budget", "60 s")
    return perfbench(command, *quick, *rest, cwd=project.root, **BARE, **environment)


def report(project: SampleProject, *arguments: str, code: int) -> dict[str, Any]:
    """The JSON report of a check against the baseline, which ends with `code`."""
    path = project.root.parent / "report.json"
    done = measured(project, "check", "--baseline", "before", "--json", str(path), *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def verdict(found: dict[str, Any], name: str) -> dict[str, Any]:
    (row,) = (row for row in found["verdicts"] if row["benchmark"]["name"] == name)
    return dict(row)


def test_an_unchanged_tree_passes_and_the_report_says_which_baseline_it_is(project: SampleProject) -> None:
    found = report(project, code=ExitCode.PASSED)
    assert found["base"]["revision"].startswith("before of main (")
    assert verdict(found, "bench.track_value")["outcome"] == "passed"
    assert not [warning for warning in found["warnings"] if "baseline 'before'" in warning]
    assert any("fewer than 6 stored runs" in warning for warning in found["warnings"])


def test_a_regression_fails_until_it_is_accepted_and_the_baseline_is_promoted(project: SampleProject) -> None:
    project.write("sample.py", SLOWER)
    project.commit("slower")
    found = report(project, code=ExitCode.REGRESSED)
    assert verdict(found, "bench.track_value")["outcome"] == "regressed"

    refused = perfbench("baseline", "promote", "before", cwd=project.root)
    assert refused.returncode == ExitCode.USAGE
    assert "has just regressed" in refused.stderr
    assert measured(project, "run").returncode == ExitCode.PASSED
    refused = perfbench("baseline", "promote", "before", cwd=project.root)
    assert refused.returncode == ExitCode.REGRESSED
    assert "bench.track_value regressed by +30 %" in refused.stderr

    accept = ("baseline", "accept", "bench.track_value", "--metric", "track", "--reason", "more widgets")
    taken = perfbench(*accept, "--expires", "2999-12-31", "--baseline", "before", cwd=project.root)
    assert (taken.returncode, taken.stderr) == (0, "")
    project.commit("accept it")
    assert measured(project, "run").returncode == ExitCode.PASSED  # it compares nothing
    found = report(project, code=ExitCode.PASSED)
    assert verdict(found, "bench.track_value")["outcome"] == "passed"
    assert verdict(found, "bench.track_value")["rule"].startswith("accepted until 2999-12-31 by ")

    promoted = perfbench("baseline", "promote", "before", cwd=project.root)
    assert (promoted.returncode, promoted.stderr) == (0, "")
    assert "has served; remove it" in promoted.stdout
    needless = report(project, code=ExitCode.REGRESSED)
    assert "covers no regression" in needless["findings"][0]["message"]


@pytest.mark.parametrize(
    ("expires", "ceiling", "said"),
    [("2026-01-02", "+50 %", "expired on 2026-01-02"), ("2999-12-31", "+20 %", "beyond the ceiling +20 %")],
)
def test_an_acceptance_that_is_expired_or_exceeded_fails(
    expires: str, ceiling: str, said: str, project: SampleProject
) -> None:
    project.write("sample.py", SLOWER)
    project.write("baselines/accepted.toml", ACCEPTED.format(expires=expires, ceiling=ceiling))
    found = report(project, code=ExitCode.REGRESSED)
    assert verdict(found, "bench.track_value")["outcome"] == "regressed"
    (finding,) = found["findings"]
    assert said in finding["message"]
    assert finding["origin"] == "accepted.toml:2"


def test_an_acceptance_of_rows_that_were_not_measured_is_not_unused(project: SampleProject) -> None:
    project.write("baselines/accepted.toml", ACCEPTED.format(expires="2999-12-31", ceiling="+20 %"))
    assert report(project, "--bench", "steady", *ONE_ROUND, code=ExitCode.PASSED)["findings"] == []
    (finding,) = report(project, "--bench", "value", code=ExitCode.REGRESSED)["findings"]
    assert "covers no regression" in finding["message"]


def test_a_vanished_benchmark_fails_and_what_it_was_probably_renamed_to_is_named(
    project: SampleProject,
) -> None:
    project.write("benchmarks/bench.py", BENCH.replace("track_value", "track_values"))
    found = report(project, *ONE_ROUND, code=ExitCode.REGRESSED)
    gone, new = verdict(found, "bench.track_value"), verdict(found, "bench.track_values")
    assert gone["outcome"] == "missing"
    assert gone["reason"].endswith("probably renamed to bench.track_values")
    assert new["outcome"] == "new"
    assert new["reason"].endswith("probably bench.track_value under a new name")
    assert not [row for row in found["verdicts"] if row["benchmark"]["name"] == "perfbench.control"]


def test_a_branch_without_a_baseline_takes_the_main_branchs_and_says_so(project: SampleProject) -> None:
    project.git("switch", "--quiet", "--create", "feature/x")
    found = report(project, *ONE_ROUND, code=ExitCode.PASSED)
    assert found["base"]["revision"].startswith("before of main (")
    assert "the branch feature/x has no baseline 'before': compared with the one of main" in found["warnings"]

    assert measured(project, "run").returncode == ExitCode.PASSED
    assert perfbench("baseline", "promote", "before", cwd=project.root).returncode == ExitCode.PASSED
    found = report(project, *ONE_ROUND, code=ExitCode.PASSED)
    assert found["base"]["revision"].startswith("before of feature/x (")


def test_a_baseline_of_a_commit_that_is_no_ancestor_of_head_is_stale(project: SampleProject) -> None:
    project.git("reset", "--quiet", "--soft", "HEAD~1")
    project.git("commit", "--quiet", "--amend", "--message", "another first")
    (warning,) = (w for w in report(project, *ONE_ROUND, code=ExitCode.PASSED)["warnings"] if "ancestor" in w)
    assert "perfbench baseline promote before" in warning


def test_an_old_baseline_is_stale(project: SampleProject) -> None:
    file = project.root / "baselines" / machine_name() / "main" / "before.jsonl"
    first, rest = file.read_text().split("\n", 1)
    header = json.loads(first)
    header["created"] = 1.6e9
    file.write_text(f"{json.dumps(header)}\n{rest}")
    warnings = report(project, *ONE_ROUND, code=ExitCode.PASSED)["warnings"]
    assert any("days old, of 2020-09-13" in warning for warning in warnings)


def test_other_hardware_is_refused_and_what_is_no_time_stays_so_when_normalised(
    project: SampleProject,
) -> None:
    file = project.root / "baselines" / machine_name() / "main" / "before.jsonl"
    first, rest = file.read_text().split("\n", 1)
    header = json.loads(first)
    header["sides"]["head"]["environment"]["cpu"] = "another one"
    file.write_text(f"{json.dumps(header)}\n{rest}")
    refused = measured(project, "check", "--baseline", "before")
    assert refused.returncode == ExitCode.USAGE
    assert "--normalise divides times" in refused.stderr
    found = report(project, "--normalise", *ONE_ROUND, code=ExitCode.PASSED)
    assert verdict(found, "bench.track_value")["outcome"] == "incomparable"
    assert "the control tells nothing of what is no time" in verdict(found, "bench.track_value")["reason"]


def test_a_machine_without_a_baseline_takes_anothers_only_to_normalise_by_it(project: SampleProject) -> None:
    check, elsewhere = ("check", "--baseline", "before"), {"PERFBENCH_MACHINE": "elsewhere"}
    refused = measured(project, *check, **elsewhere)
    assert refused.returncode == ExitCode.USAGE
    assert "other machines cannot be compared with" in refused.stderr
    done = measured(project, *check, "--normalise", *ONE_ROUND, **elsewhere)
    assert done.returncode == ExitCode.PASSED
    assert "2 incomparable" in done.stdout
    assert "the machine differs" in done.stdout


def test_normalising_without_a_baseline_is_refused(project: SampleProject) -> None:
    done = measured(project, "check", "--normalise")
    assert done.returncode == ExitCode.USAGE
    assert "--baseline" in done.stderr
