"""`perfbench check` from end to end, on a small foreign project with asv benchmarks and no other configuration.

Values come from track_ benchmarks, which repeat exactly: what is tested is the way from two commits to a
verdict and an exit code, not the clock.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from perfbench.errors import ExitCode
from tests.commands.command_line import ROOT, perfbench
from tests.measure.sample_project import SampleProject

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

QUICK = ("check", "--rounds", "6", "--quiet", "--time-budget", "60 s")


INSTALL = """
import pathlib, shutil, sysconfig

shutil.copy(pathlib.Path(__file__).with_name("sample.py"), sysconfig.get_path("purelib"))
"""
"""Instead of pip, which other tests run: an installation that takes no time."""


@pytest.fixture
def project(tmp_path: Path) -> SampleProject:
    commands = {"build_command": [], "install_command": ["python {build_dir}/install.py"]}
    made = SampleProject(tmp_path / "project", commands)
    made.write("install.py", INSTALL)
    made.write("sample.py", SAMPLE)
    made.write("benchmarks/bench.py", BENCH)
    made.commit("first")
    return made


def check(project: SampleProject, *arguments: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON report (empty without one) and all output of a check."""
    report = project.root.parent / "report.json"
    report.unlink(missing_ok=True)
    done = perfbench(*QUICK, "--json", str(report), *arguments, cwd=project.root, **environment)
    content: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
    return done.returncode, content, done.stdout + done.stderr


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {verdict["benchmark"]["id"]: verdict["outcome"] for verdict in report["verdicts"]}


def test_a_change_that_moves_a_value_beyond_its_limit_is_exit_1_and_names_the_row(
    project: SampleProject,
) -> None:
    project.write("sample.py", SAMPLE.replace("100", "110"))
    code, report, output = check(project)
    assert code == ExitCode.REGRESSED == report["exit"]["code"]
    assert outcomes(report) == {"bench.track_value": "regressed", "bench.track_steady": "passed"}
    assert "bench.value" in output
    assert "+10 %" in output


def test_a_clean_tree_is_compared_with_the_commit_before_it(project: SampleProject) -> None:
    project.write("sample.py", SAMPLE.replace("100", "90"))
    project.commit("second")
    code, report, _ = check(project)
    assert code == ExitCode.PASSED
    assert outcomes(report)["bench.track_value"] == "improved"
    assert not report["head"]["dirty"]


def test_what_base_cannot_run_is_new_and_no_failure(project: SampleProject) -> None:
    project.write("sample.py", SAMPLE + "\n\ndef fresh():\n    return 1\n")
    project.write("benchmarks/bench.py", BENCH + "\n\ndef track_fresh():\n    return sample.fresh()\n")
    code, report, _ = check(project)
    assert code == ExitCode.PASSED
    assert outcomes(report)["bench.track_fresh"] == "new"


def test_a_benchmark_that_vanished_is_a_finding(project: SampleProject) -> None:
    project.write("benchmarks/bench.py", BENCH.replace("track_steady", "helper"))
    code, report, _ = check(project)
    assert code == ExitCode.REGRESSED
    assert outcomes(report)["bench.track_steady"] == "missing"


def test_a_benchmark_that_fails_on_head_alone_is_exit_3_with_its_error(project: SampleProject) -> None:
    project.write("sample.py", SAMPLE.replace("return 100", "raise RuntimeError('it broke')"))
    code, report, output = check(project)
    assert code == ExitCode.NOTHING_MEASURED
    assert outcomes(report)["bench.track_value"] == "failed"
    assert "it broke" in output
    assert "Traceback" not in output
    (log,) = (project.root / ".perfbench" / "runs").glob("*.log")
    assert "Traceback" in log.read_text()


def test_a_benchmark_that_fails_on_both_sides_is_only_reported(project: SampleProject) -> None:
    project.write("benchmarks/bench.py", BENCH + "\n\ndef track_odd():\n    raise ValueError('always')\n")
    code, report, _ = check(project)
    assert code == ExitCode.PASSED
    assert outcomes(report)["bench.track_odd"] == "failed"


def test_when_every_row_is_skipped_nothing_was_measured(project: SampleProject) -> None:
    skip = "def setup():\n    raise NotImplementedError('not on a Monday')\n\ndef time_a():\n    pass\n"
    project.write("benchmarks/bench.py", skip)
    project.commit("skipping")
    code, report, output = check(project, "--base", "HEAD")
    assert code == ExitCode.NOTHING_MEASURED
    assert outcomes(report) == {"bench.time_a": "skipped"}
    assert "not on a Monday" in output


def test_a_budget_is_held_against_head(project: SampleProject) -> None:
    budget = '[[budget]]\npattern = "bench.track_value"\nmetric = "track"\nlimit = 50\n'
    project.write("baselines/thresholds.toml", budget)
    code, report, output = check(project)
    assert code == ExitCode.REGRESSED
    assert outcomes(report)["bench.track_value"] == "over budget"
    assert "thresholds.toml:1" in output


def test_a_threshold_widens_a_rows_limit(project: SampleProject) -> None:
    wide = '[[threshold]]\npattern = "bench.*"\nmetric = "track"\nlimit = "20 %"\n'
    project.write("baselines/thresholds.toml", wide)
    project.write("sample.py", SAMPLE.replace("100", "110"))
    code, report, _ = check(project)
    assert (code, outcomes(report)["bench.track_value"]) == (ExitCode.PASSED, "passed")


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
    project: SampleProject, file: str, text: str, told: str
) -> None:
    project.commit("second")
    project.write(file, text)
    code, _, output = check(project)
    assert code == ExitCode.USAGE
    assert told in output
    assert len(output.strip().splitlines()) == 1


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
    project: SampleProject, arguments: tuple[str, ...], told: str
) -> None:
    project.commit("second")
    code, _, output = check(project, *arguments)
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


def test_every_row_lies_in_the_result_file_with_samples_of_both_sides_and_of_the_twin(
    project: SampleProject,
) -> None:
    project.write("sample.py", SAMPLE.replace("100", "110"))
    kept = project.root.parent / "kept.jsonl"
    check(project, "-o", str(kept))
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert {line["side"] for line in lines if line["type"] == "run"} == {"base", "head", "twin"}
    assert lines[-1]["type"] == "end"
    again = perfbench("compare", str(kept), cwd=project.root)
    assert again.returncode == ExitCode.REGRESSED
    assert "+10 %" in again.stdout


def test_samples_are_written_for_pyperf_where_asked(project: SampleProject) -> None:
    pyperf = pytest.importorskip("pyperf")
    folder = project.root.parent / "samples"
    code, _, _ = check(project, "--base", "HEAD", "--pyperf", str(folder))
    assert code == ExitCode.PASSED
    suite = pyperf.BenchmarkSuite.load(str(folder / "base.json"))
    assert {bench.get_name() for bench in suite} == {"bench.track_value", "bench.track_steady"}


def test_a_saved_baseline_takes_bases_place(project: SampleProject) -> None:
    kept = project.root.parent / "kept.jsonl"
    run = perfbench("run", "--rounds", "6", "--quiet", "-o", str(kept), cwd=project.root)
    assert run.returncode == ExitCode.PASSED, run.stderr
    saved = perfbench("baseline", "save", "main", "--from", str(kept), cwd=project.root)
    assert saved.returncode == ExitCode.PASSED, saved.stderr
    project.write("sample.py", SAMPLE.replace("100", "110"))
    code, report, output = check(project, "--baseline", "main")
    assert code == ExitCode.REGRESSED, output
    assert outcomes(report)["bench.track_value"] == "regressed"


def test_the_users_tree_and_index_are_left_as_they_were(project: SampleProject) -> None:
    project.write("sample.py", SAMPLE.replace("100", "101"))
    project.write("staged.txt", "staged\n")
    project.git("add", "staged.txt")
    before = project.git("status", "--porcelain")
    check(project)
    assert project.git("status", "--porcelain") == before


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
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as job:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and not (kept.exists() and kept.read_text().count('"run"') > 12):
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
    code, report, output = check(project)
    assert outcomes(report)["bench.track_value.fetch"] == "missing", output
    assert code == ExitCode.REGRESSED
