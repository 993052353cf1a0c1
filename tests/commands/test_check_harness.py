"""`perfbench check` with harnesses from end to end, most of them with values that repeat exactly."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from perfbench.errors import ExitCode
from tests.commands.command_line import ROOT, git, repository
from tests.commands.command_line import perfbench_process as perfbench  # they import modules of the project
from tests.commands.harness_sides import ROWS, SCRIPT
from tests.measure.sample_project import BARE, SampleProject

HARNESS = """
[[harness]]
name = "api"
command = "python bench.py {out}"
"""

RULES = """
import perfbench

def format_below_half_a_second(results: perfbench.Results) -> str | None:
    median = results.row("api.format").head_median
    return f"format takes {median:.2f} s" if median is None or median > 0.51 else None

def broken(results):
    return 1 / 0
"""

SLOWER = ROWS.replace("0.5", "0.6")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make environments bare: nothing here calls pip."""
    for name, value in BARE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def project(tmp_path: Path, bare: None) -> Path:
    """A repository with a harness and nothing of asv's, once committed."""
    folder = repository(tmp_path / "project")
    (folder / "bench.py").write_text(SCRIPT)
    (folder / "rows.py").write_text(ROWS)
    (folder / "perfbench.toml").write_text(HARNESS)
    git("add", ".", cwd=folder)
    git("commit", "--quiet", "--message=benchmarks", cwd=folder)
    return folder


def check(
    project: Path, *arguments: str, command: tuple[str, ...] = ("check", "--rounds", "6", "--quiet")
) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON report (empty without one) and all output."""
    report = project.parent / "report.json"
    report.unlink(missing_ok=True)
    done = perfbench(*command, "--json", str(report), *arguments, cwd=project)
    content: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
    return done.returncode, content, done.stdout + done.stderr


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {verdict["benchmark"]["id"]: verdict["outcome"] for verdict in report.get("verdicts", ())}


def test_a_planted_slowdown_is_found_and_named_alone(project: Path) -> None:
    (project / "rows.py").write_text(SLOWER)
    code, report, output = check(project)
    assert code == ExitCode.REGRESSED, output
    assert outcomes(report) == {"api.parse": "passed", "api.format": "regressed"}
    assert "+20 %" in output
    (log,) = (project / ".perfbench" / "runs").glob("*.log")
    assert "== api, head, round 6\nround 5\n" in log.read_text()
    again, report, output = check(project, command=("compare", "@last"))
    assert (again, outcomes(report)) == (code, {"api.parse": "passed", "api.format": "regressed"}), output


def test_two_identical_commits_pass_in_silence(project: Path) -> None:
    code, report, output = check(project, "--base", "HEAD")
    assert code == ExitCode.PASSED, output
    assert set(outcomes(report).values()) == {"passed"}


def test_rows_of_suite_and_harness_stand_in_one_report(tmp_path: Path, bare: None) -> None:
    commands = {"build_command": [], "install_command": ["python -c pass"]}
    made = SampleProject(tmp_path / "project", commands)
    made.write("benchmarks/bench.py", "def track_steady():\n    return 7\n")
    for name, text in (("bench.py", SCRIPT), ("rows.py", ROWS), ("perfbench.toml", HARNESS)):
        made.write(name, text)
    made.commit()
    made.write("rows.py", SLOWER)
    code, report, output = check(made.root)
    assert code == ExitCode.REGRESSED, output
    assert outcomes(report) == {
        "bench.track_steady": "passed",
        "api.parse": "passed",
        "api.format": "regressed",
    }
    code, report, output = check(made.root, "--bench", "track_steady")
    assert (code, outcomes(report)) == (ExitCode.PASSED, {"bench.track_steady": "passed"}), output
    code, report, output = check(made.root, "--bench", "api.parse")
    assert (code, outcomes(report)) == (ExitCode.PASSED, {"api.parse": "passed"}), output


def test_thresholds_hold_for_harness_rows_and_must_fit_one(project: Path) -> None:
    (project / "baselines").mkdir()
    rules = project / "baselines" / "thresholds.toml"
    rules.write_text('[[threshold]]\npattern = "api.format"\nlimit = "50 %"\n')
    (project / "rows.py").write_text(SLOWER)
    code, report, output = check(project)
    assert (code, outcomes(report)["api.format"]) == (ExitCode.PASSED, "passed"), output
    rules.write_text('[[threshold]]\npattern = "api.fromat"\nlimit = "50 %"\n')
    code, _, output = check(project)
    assert code == ExitCode.USAGE
    assert "'api.fromat' (metric '*') fits no benchmark; did you mean api.format?" in " ".join(output.split())


def test_a_selection_that_fits_no_harness_row_is_refused(project: Path) -> None:
    code, _, output = check(project, "--bench", "fromat")
    assert code == ExitCode.USAGE
    assert "--bench 'fromat' fits no benchmark" in output


def test_a_harness_that_fails_on_head_alone_is_exit_3(project: Path) -> None:
    (project / "rows.py").write_text("raise SystemExit('it broke')\n")
    code, report, output = check(project)
    assert code == ExitCode.NOTHING_MEASURED
    assert set(outcomes(report).values()) == {"failed"}
    assert "it broke" in output
    assert "Traceback" not in output


def test_one_tree_alone_is_measured_and_becomes_a_baseline(project: Path) -> None:
    code, report, output = check(project, command=("run", "--rounds", "6", "--quiet"))
    assert (code, set(outcomes(report).values())) == (ExitCode.PASSED, {"passed"}), output
    saved = perfbench("baseline", "save", "main", cwd=project)
    assert saved.returncode == ExitCode.PASSED, saved.stderr
    (project / "rows.py").write_text(ROWS.replace("format", "fresh"))
    code, report, output = check(project, "--baseline", "main")
    assert outcomes(report)["api.format"] == "missing", output
    assert outcomes(report)["api.fresh"] == "new"
    assert code == ExitCode.REGRESSED


def test_a_users_own_rule_fails_the_check_beside_the_verdicts(project: Path) -> None:
    (project / "rules.py").write_text(RULES)
    with (project / "perfbench.toml").open("a") as file:
        file.write('\n[[check]]\nfunction = "rules:format_below_half_a_second"\nname = "format"\n')
    code, report, output = check(project, "--base", "HEAD")
    assert code == ExitCode.PASSED, output
    (project / "rows.py").write_text(SLOWER)
    for command in (("run", "--rounds", "6", "--quiet"), ("compare", "@last", "@last")):
        code, report, output = check(project, command=command)
        assert code == ExitCode.REGRESSED, output
        (finding,) = report["findings"]
        assert finding["message"] == "format: format takes 0.60 s"
        assert finding["origin"] == "rules:format_below_half_a_second"
        assert "regressed" not in outcomes(report).values()


def test_a_rule_that_breaks_is_exit_2_and_costs_nothing_measured(project: Path) -> None:
    (project / "rules.py").write_text(RULES)
    with (project / "perfbench.toml").open("a") as file:
        file.write('\n[[check]]\nfunction = "rules:broken"\n')
    code, report, output = check(project, command=("run", "--rounds", "6", "--quiet"))
    assert code == ExitCode.USAGE == report["exit"]["code"]
    assert outcomes(report) == {"api.parse": "passed", "api.format": "passed"}
    assert "check rules:broken failed: rules.py:9: ZeroDivisionError" in " ".join(output.split())
    assert len(list((project / ".perfbench" / "runs").glob("*.jsonl"))) == 1


def test_a_rule_that_is_not_there_is_refused_before_anything_is_measured(project: Path) -> None:
    with (project / "perfbench.toml").open("a") as file:
        file.write('\n[[check]]\nfunction = "rules:gone"\n')
    code, _, output = check(project)
    assert code == ExitCode.USAGE
    assert "perfbench.toml:6: check rules:gone: ModuleNotFoundError" in " ".join(output.split())
    assert not (project / ".perfbench").exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_ctrl_c_keeps_the_rounds_and_leaves_no_process(project: Path) -> None:
    (project / "rows.py").write_text(f"{ROWS}import time\ntime.sleep(0.3 if round < 3 else 600)\n")
    kept = project.parent / "kept.jsonl"
    command = [sys.executable, "-m", "perfbench", "run", "--rounds", "100", "-o", str(kept)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as job:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and not (kept.exists() and kept.read_text().count('"run"') >= 6):
            time.sleep(0.1)
        time.sleep(0.5)
        job.send_signal(signal.SIGINT)
        output, _ = job.communicate(timeout=60)
    assert job.returncode == ExitCode.INTERRUPTED, output
    assert "Traceback" not in output
    assert json.loads(kept.read_text().splitlines()[-1])["exit_code"] == ExitCode.INTERRUPTED
    assert not _running_in(project / ".perfbench")


def _running_in(folder: Path) -> list[str]:
    """The processes whose working directory lies in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = (process / "cwd").readlink()
        except OSError:
            continue
        if place.is_relative_to(folder):
            found.append((process / "cmdline").read_text())
    return found


@pytest.mark.skipif(shutil.which("hyperfine") is None, reason="hyperfine is not installed")
def test_hyperfine_measures_whole_commands(project: Path) -> None:
    (project / "perfbench.toml").write_text(
        "[[harness]]\nname = 'cli'\ncommand = \"hyperfine -N --runs 3 --export-json {out} 'sh work.sh'\"\n"
    )
    _planted(project, "work.sh", "sleep 0.02\n", "sleep 0.06\n")
    code, report, output = check(project)
    assert (code, outcomes(report)) == (ExitCode.REGRESSED, {"cli.sh work.sh": "regressed"}), output


def test_pytest_benchmark_is_installed_by_its_setup_and_read(tmp_path: Path) -> None:
    if not _pip_reaches("pytest-benchmark", tmp_path / "wheels"):
        pytest.skip("pip cannot fetch pytest-benchmark here")
    folder = repository(tmp_path / "project")
    (folder / "perfbench.toml").write_text(
        "[[harness]]\nname = 'bench'\n"
        "command = 'python -m pytest -q test_work.py --benchmark-json={out} --benchmark-max-time=0.1'\n"
        "setup = ['python -m pip install --quiet pytest-benchmark']\n"
    )
    work = (
        "import time\n\ndef test_nap(benchmark):\n    benchmark.pedantic(time.sleep, args=({},), rounds=5)\n"
    )
    _planted(folder, "test_work.py", work.format(0.01), work.format(0.02))
    code, report, output = check(folder)
    assert (code, list(outcomes(report).values())) == (ExitCode.REGRESSED, ["regressed"]), output
    (name,) = outcomes(report)
    assert name.startswith("bench.")
    assert "test_nap" in name


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")
def test_go_benchmarks_are_read_from_what_they_print(tmp_path: Path, bare: None) -> None:
    folder = repository(tmp_path / "project")
    (folder / "perfbench.toml").write_text(
        "[[harness]]\nname = 'go'\ncommand = 'go test -run=NONE -bench=. -benchtime=20ms > {out}'\n"
    )
    (folder / "go.mod").write_text("module example.org/nap\n\ngo 1.20\n")
    work = (
        'package nap\n\nimport (\n\t"testing"\n\t"time"\n)\n\nfunc BenchmarkNap(b *testing.B) {\n'
        "\tfor i := 0; i < b.N; i++ {\n\t\ttime.Sleep(MILLISECONDS * time.Millisecond)\n\t}\n}\n"
    )
    _planted(folder, "nap_test.go", work.replace("MILLISECONDS", "5"), work.replace("MILLISECONDS", "10"))
    code, report, output = check(folder)
    assert code == ExitCode.REGRESSED, output
    assert "regressed" in outcomes(report).values()


CARGO = """
[package]
name = "nap"
version = "0.1.0"
edition = "2021"

[dev-dependencies]
criterion = { version = "0.5", default-features = false }

[[bench]]
name = "nap"
harness = false
"""

CRITERION = """
use criterion::{criterion_group, criterion_main, Criterion};
use std::time::Duration;

fn nap(c: &mut Criterion) {
    c.bench_function("nap", |b| b.iter(|| std::thread::sleep(Duration::from_millis(MILLISECONDS))));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(500));
    targets = nap
}
criterion_main!(benches);
"""


def test_criterion_is_read_where_it_writes(tmp_path: Path, bare: None) -> None:
    folder = repository(tmp_path / "project")
    (folder / "Cargo.toml").write_text(CARGO)
    (folder / "src").mkdir()
    (folder / "src" / "lib.rs").write_text("")
    (folder / ".gitignore").write_text("target\n")
    (folder / "benches").mkdir()
    if not _succeeds("cargo", "fetch", cwd=folder):
        pytest.skip("cargo is not installed, or cannot fetch criterion here")
    (folder / "perfbench.toml").write_text(
        "[[harness]]\nname = 'rust'\ncommand = 'cargo bench'\nresult = 'target/criterion'\n"
        "setup = ['cargo build --benches --release']\n"
    )
    slow, slower = CRITERION.replace("MILLISECONDS", "2"), CRITERION.replace("MILLISECONDS", "4")
    _planted(folder, "benches/nap.rs", slow, slower)
    code, report, output = check(folder)
    assert (code, outcomes(report)) == (ExitCode.REGRESSED, {"rust.nap": "regressed"}), output


def _planted(folder: Path, file: str, before: str, after: str) -> None:
    """Commit the one, and leave the other in the working tree."""
    (folder / file).write_text(before)
    git("add", ".", cwd=folder)
    git("commit", "--quiet", "--message=benchmarks", cwd=folder)
    (folder / file).write_text(after)


def _succeeds(*command: str, cwd: Path) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, cwd=cwd, capture_output=True, check=False).returncode == 0


def _pip_reaches(package: str, folder: Path) -> bool:
    folder.mkdir()
    pip = (sys.executable, "-m", "pip")
    return _succeeds(*pip, "download", "--quiet", "--no-deps", package, cwd=folder)
