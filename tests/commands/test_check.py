"""`perfbench check` from end to end, on a small foreign project with asv benchmarks and no other configuration.

Values come from track_ benchmarks, which repeat exactly: what is tested is the way from two commits to a
verdict and an exit code, not the clock.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from perfbench.errors import ExitCode
from perfbench.measure.asv_config import load_asv_config
from perfbench.measure.builds import build_sides
from perfbench.measure.revisions import choose_revisions
from tests.commands.command_line import ROOT, perfbench
from tests.measure.sample_project import BARE, SampleProject

SAMPLE = """
def value():
    return 100
"""

BENCH = """
import sample

def track_value():
    return sample.value()

track_value.unit = "widgets"

def track_steady():
    return 7
"""

WIDE = '[[threshold]]\npattern = "bench.track_wide"\nmetric = "track"\nlimit = "20 %"\n'

QUICK = ("check", "--rounds", "6", "--quiet", "--time-budget", "60 s")
ONE_ROUND = ("--rounds", "1")
"""For checks that need no interval."""


INSTALL = """
import pathlib, shutil, sysconfig

shutil.copy(pathlib.Path(__file__).with_name("sample.py"), sysconfig.get_path("purelib"))
"""
"""Instead of pip, which other tests run: an installation that takes no time."""


def sample_project(folder: Path) -> SampleProject:
    """A project with two rows, once committed."""
    commands = {"build_command": [], "install_command": ["python {build_dir}/install.py"]}
    made = SampleProject(folder / "project", commands)
    made.write("install.py", INSTALL)
    made.write("sample.py", SAMPLE)
    made.write("benchmarks/bench.py", BENCH)
    made.commit("first")
    return made


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[SampleProject, Path]:
    """A project whose first commit is built, and a copy of its folder."""
    made = sample_project(tmp_path_factory.mktemp("prepared"))
    revisions = choose_revisions(made.root, "HEAD", "HEAD", None)
    with patch.dict(os.environ, BARE):
        build_sides(
            made.root, load_asv_config(made.config), *revisions, cache=made.root / ".perfbench", say=print
        )
    return made, Path(shutil.copytree(made.root, made.root.parent / "copy", symlinks=True))


@pytest.fixture
def project(prepared: tuple[SampleProject, Path]) -> SampleProject:
    """That project as it was made, in the same place, since what is built there knows it."""
    made, copy = prepared
    shutil.rmtree(made.root)
    shutil.copytree(copy, made.root, symlinks=True)
    return made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SampleProject:
    """Two equal commits, built once for all tests that change nothing in them."""
    made = sample_project(tmp_path_factory.mktemp("shared"))
    made.commit("second")
    return made


@pytest.fixture
def unchanged(shared: SampleProject) -> Iterator[SampleProject]:
    """The shared project; what a test writes there goes with it."""
    yield shared
    shared.git("reset", "--quiet", "--hard")
    shared.git("clean", "--quiet", "-d", "--force")


def check(project: SampleProject, *arguments: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON report (empty without one) and all output of a check."""
    report = project.root.parent / "report.json"
    report.unlink(missing_ok=True)
    told = ("--json", str(report), *arguments)
    done = perfbench(*QUICK, *told, cwd=project.root, **{**BARE, **environment})
    content: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
    return done.returncode, content, done.stdout + done.stderr


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {verdict["benchmark"]["id"]: verdict["outcome"] for verdict in report["verdicts"]}


@dataclass(frozen=True)
class Checked:
    """A check whose every side is looked at by another test, and what it left in its `folder`."""

    project: SampleProject
    status: str
    code: int = 0
    report: dict[str, Any] = field(default_factory=dict)
    output: str = ""

    @property
    def folder(self) -> Path:
        return self.project.root.parent

    def outcome(self, name: str) -> str:
        return outcomes(self.report)[f"bench.track_{name}"]


def checked(project: SampleProject) -> Checked:
    """Check the project, keeping its samples in both forms."""
    status, folder = project.git("status", "--porcelain"), project.root.parent
    keep = ("-o", str(folder / "kept.jsonl"), "--pyperf", str(folder / "samples"))
    return Checked(project, status, *check(project, *keep))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """One of two rows is a tenth higher in the working tree."""
    made = sample_project(tmp_path_factory.mktemp("planted"))
    made.write("sample.py", SAMPLE.replace("100", "110"))
    made.write("staged.txt", "staged\n")
    made.git("add", "staged.txt")
    return checked(made)


@pytest.mark.xdist_group("check")
def test_a_change_that_moves_a_value_beyond_its_limit_is_exit_1_and_names_the_row(planted: Checked) -> None:
    assert planted.code == ExitCode.REGRESSED == planted.report["exit"]["code"]
    assert outcomes(planted.report) == {"bench.track_value": "regressed", "bench.track_steady": "passed"}
    assert "bench.value" in planted.output
    assert "+10 %" in planted.output


@pytest.mark.xdist_group("check")
def test_every_row_lies_in_the_result_file_with_samples_of_both_sides_and_of_the_twin(
    planted: Checked,
) -> None:
    kept = planted.folder / "kept.jsonl"
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert {line["side"] for line in lines if line["type"] == "run"} == {"base", "head", "twin"}
    assert lines[-1]["type"] == "end"
    again = perfbench("compare", str(kept), cwd=planted.project.root)
    assert again.returncode == ExitCode.REGRESSED
    assert "+10 %" in again.stdout


@pytest.mark.xdist_group("check")
def test_the_users_tree_and_index_are_left_as_they_were(planted: Checked) -> None:
    assert "staged.txt" in planted.status
    assert planted.project.git("status", "--porcelain") == planted.status


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """A commit after which one row is better, one worse within its threshold, one new, and one broken as before."""
    wide = "\n\ndef track_wide():\n    return sample.wide()\n"
    odd = "\n\ndef track_odd():\n    raise ValueError('always')\n"
    fresh = "\n\ndef track_fresh():\n    return sample.fresh()\n"
    made = sample_project(tmp_path_factory.mktemp("harmless"))
    made.write("baselines/thresholds.toml", WIDE)
    made.write("sample.py", SAMPLE + SAMPLE.replace("value", "wide"))
    made.write("benchmarks/bench.py", BENCH + wide + odd)
    made.commit("second")
    better, worse = SAMPLE.replace("100", "90"), SAMPLE.replace("value", "wide").replace("100", "110")
    made.write("sample.py", better + worse + SAMPLE.replace("value", "fresh"))
    made.write("benchmarks/bench.py", BENCH + wide + odd + fresh)
    made.commit("third")
    return checked(made)


@pytest.mark.xdist_group("check")
def test_a_clean_tree_is_compared_with_the_commit_before_it(harmless: Checked) -> None:
    assert (harmless.code, harmless.outcome("value")) == (ExitCode.PASSED, "improved")
    assert not harmless.report["head"]["dirty"]


@pytest.mark.xdist_group("check")
def test_what_base_cannot_run_is_new_and_no_failure(harmless: Checked) -> None:
    assert (harmless.code, harmless.outcome("fresh")) == (ExitCode.PASSED, "new")


@pytest.mark.xdist_group("check")
def test_a_benchmark_that_fails_on_both_sides_is_only_reported(harmless: Checked) -> None:
    assert (harmless.code, harmless.outcome("odd")) == (ExitCode.PASSED, "failed")


@pytest.mark.xdist_group("check")
def test_a_threshold_widens_a_rows_limit(harmless: Checked) -> None:
    assert (harmless.code, harmless.outcome("wide")) == (ExitCode.PASSED, "passed")
    (row,) = (one for one in harmless.report["verdicts"] if one["benchmark"]["id"] == "bench.track_wide")
    assert row["comparison"]["head"] == 110


@pytest.mark.xdist_group("check")
def test_samples_are_written_for_pyperf_where_asked(harmless: Checked) -> None:
    pyperf = pytest.importorskip("pyperf")
    suite = pyperf.BenchmarkSuite.load(str(harmless.folder / "samples" / "base.json"))
    assert {bench.get_name() for bench in suite} == {
        "bench.track_value",
        "bench.track_steady",
        "bench.track_wide",
    }


def test_a_benchmark_that_vanished_is_a_finding(project: SampleProject) -> None:
    project.write("benchmarks/bench.py", BENCH.replace("track_steady", "helper"))
    code, report, output = check(project, *ONE_ROUND)
    assert code == ExitCode.REGRESSED, output
    assert outcomes(report)["bench.track_steady"] == "missing"


def test_a_benchmark_that_fails_on_head_alone_is_exit_3_with_its_error(project: SampleProject) -> None:
    project.write("sample.py", SAMPLE.replace("return 100", "raise RuntimeError('it broke')"))
    code, report, output = check(project, *ONE_ROUND)
    assert code == ExitCode.NOTHING_MEASURED
    assert outcomes(report)["bench.track_value"] == "failed"
    assert "it broke" in output
    assert "Traceback" not in output
    (log,) = (project.root / ".perfbench" / "runs").glob("*.log")
    assert "Traceback" in log.read_text()


def test_when_every_row_is_skipped_nothing_was_measured(project: SampleProject) -> None:
    skip = "def setup():\n    raise NotImplementedError('not on a Monday')\n\ndef time_a():\n    pass\n"
    project.write("benchmarks/bench.py", skip)
    project.commit("skipping")
    code, report, output = check(project, "--base", "HEAD", *ONE_ROUND)
    assert code == ExitCode.NOTHING_MEASURED
    assert outcomes(report) == {"bench.time_a": "skipped"}
    assert "not on a Monday" in output


def test_a_budget_is_held_against_head(project: SampleProject) -> None:
    budget = '[[budget]]\npattern = "bench.track_value"\nmetric = "track"\nlimit = 50\n'
    project.write("baselines/thresholds.toml", budget)
    code, report, output = check(project, "--bench", "track_value", *ONE_ROUND)
    assert code == ExitCode.REGRESSED
    assert outcomes(report)["bench.track_value"] == "over budget"
    assert "thresholds.toml:1" in output


@pytest.mark.xdist_group("check")
@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("baselines/thresholds.toml", '[[threshold]]\npattern = "bench.track_valeu"\nlimit = "5 %"\n',
         "did you mean bench.track_value"),
        ("baselines/thresholds.toml", '[[threshold]]\npattern = "bench.*"\nlimti = "5 %"\n', "did you mean 'limit'"),
        ("perfbench.toml", "[measure]\nrounds = 'ten'\n", "perfbench.toml:2"),
        ("asv.conf.json", '{"version": 1, "project": "sample", "repo": ".", "environment_type": "conda"}',
         "conda"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_exit_2_with_place_and_remedy(
    unchanged: SampleProject, file: str, text: str, told: str
) -> None:
    unchanged.write(file, text)
    code, _, output = check(unchanged)
    assert code == ExitCode.USAGE
    assert told in output
    assert len(output.strip().splitlines()) == 1


@pytest.mark.xdist_group("check")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--base", "no-such-branch"), "no-such-branch"),
        (("--bench", "track_valeu"), "did you mean bench.track_value"),
        (("--runtime", "dokcer"), "dokcer"),
        (("--time-budget", "soon"), "soon"),
        (("--base", "HEAD", "--baseline", "main"), "exclude each other"),
        (("--baseline", "nightly"), "nightly"),
        (("--markdown", "no/such/folder/report.md"), "no/such/folder"),
    ],
)
def test_a_wrong_argument_is_exit_2_in_one_sentence(
    unchanged: SampleProject, arguments: tuple[str, ...], told: str
) -> None:
    code, _, output = check(unchanged, *arguments)
    assert code == ExitCode.USAGE
    assert told in output
    assert "Traceback" not in output


def test_an_unbuildable_base_is_exit_2_and_says_so(project: SampleProject) -> None:
    project.write("install.py", "raise SystemExit('not today')\n")
    project.commit("broken")
    project.git("revert", "--no-edit", "HEAD")
    code, _, output = check(project, "--base", "HEAD~1")
    assert code == ExitCode.USAGE
    assert "cannot be built: not today" in output


def test_a_saved_baseline_takes_bases_place(project: SampleProject) -> None:
    kept = project.root.parent / "kept.jsonl"
    one = ("--bench", "track_value")
    run = perfbench("run", "--rounds", "6", "--quiet", "-o", str(kept), *one, cwd=project.root, **BARE)
    assert run.returncode == ExitCode.PASSED, run.stderr
    saved = perfbench("baseline", "save", "main", "--from", str(kept), cwd=project.root)
    assert saved.returncode == ExitCode.PASSED, saved.stderr
    project.write("sample.py", SAMPLE.replace("100", "110"))
    code, report, output = check(project, "--baseline", "main", *one)
    assert code == ExitCode.REGRESSED, output
    assert outcomes(report)["bench.track_value"] == "regressed"


def test_ctrl_c_ends_with_130_keeps_the_rounds_and_leaves_no_worker(
    project: SampleProject, tmp_path: Path
) -> None:
    slow = BENCH + "\n\ndef track_slow():\n    import time\n    time.sleep(0.3)\n    return 1\n"
    project.write("benchmarks/bench.py", slow)
    kept = tmp_path / "kept.jsonl"
    command = [
        sys.executable,
        "-m",
        "perfbench",
        "check",
        "--base",
        "HEAD",
        "-o",
        str(kept),
        "--rounds",
        "500",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **BARE}
    with subprocess.Popen(
        command,
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as job:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and not (kept.exists() and kept.read_text().count('"run"') > 4):
            time.sleep(0.1)
        job.send_signal(signal.SIGINT)
        output, _ = job.communicate(timeout=60)
    assert job.returncode == ExitCode.INTERRUPTED, output
    assert "interrupted" in output
    assert "Traceback" not in output
    end = json.loads(kept.read_text().splitlines()[-1])
    assert (end["type"], end["complete"], end["exit_code"]) == ("end", False, 130)


RECORDING = """
import sample
from perfbench import record_operation

def track_value():
    for step in range(4):
        record_operation("fetch", sample.value() / 1000)
    record_operation("store", 0.5, success=False)
    return 7
"""


def test_operations_that_a_benchmark_records_are_rows_that_gate(project: SampleProject) -> None:
    project.write("benchmarks/bench.py", RECORDING)
    project.commit("record")
    project.write("sample.py", SAMPLE.replace("100", "110"))
    code, report, output = check(project)
    assert outcomes(report) == {
        "bench.track_value": "passed",
        "bench.track_value.fetch": "regressed",
        "bench.track_value.fetch.failed": "passed",
        "bench.track_value.store.failed": "passed",
    }, output
    assert code == ExitCode.REGRESSED


def test_an_operation_that_head_records_no_longer_is_missing(project: SampleProject) -> None:
    own = "record_operation = getattr(sample, 'record_operation', lambda *told, **more: None)"
    project.write("benchmarks/bench.py", RECORDING.replace("from perfbench import record_operation", own))
    project.write("sample.py", "from perfbench import record_operation\n" + SAMPLE)
    project.commit("record")
    project.write("sample.py", SAMPLE)
    code, report, output = check(project, *ONE_ROUND)
    assert outcomes(report)["bench.track_value.fetch"] == "missing", output
    assert code == ExitCode.REGRESSED
