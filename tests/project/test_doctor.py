"""What the doctor finds, and what it makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.errors import ExitCode, UsageError
from perfbench.model import RuntimeStatus
from perfbench.project.doctor import Diagnosis, Finding, examine, measure_noise, require

HERE = RuntimeStatus("runc", True, version="1.1.5")
ABSENT = RuntimeStatus("podman", False, reason="podman is not installed", remedy="apt-get install podman")


def diagnose(*disturbances: str, fixed_layout: bool = True) -> Diagnosis:
    return examine([HERE, ABSENT], disturbances, fixed_layout=fixed_layout, seconds=0.05)


def find(diagnosis: Diagnosis, name: str) -> Finding:
    return next(finding for finding in diagnosis.findings if finding.name == name)


def test_every_name_is_said_once() -> None:
    names = [finding.name for finding in diagnose("a browser runs", "a build runs").findings]
    assert len(names) == len(set(names))


def test_a_runtime_that_runs_shows_its_version() -> None:
    runc = find(diagnose(), "runc")
    assert (runc.good, runc.detail, runc.cost) == (True, "1.1.5", "")


def test_an_absent_runtime_shows_reason_remedy_and_cost() -> None:
    podman = find(diagnose(), "podman")
    assert not podman.good
    assert podman.detail == ABSENT.reason
    assert podman.remedy == ABSENT.remedy
    assert "skipped" in podman.cost


def test_every_gap_says_what_it_costs() -> None:
    findings = diagnose("a browser runs", fixed_layout=False).findings
    assert all(finding.cost for finding in findings if not finding.good)
    assert not any(finding.cost for finding in findings if finding.good)


def test_what_disturbs_is_repeated() -> None:
    assert find(diagnose("a browser runs"), "quiet").detail == "a browser runs"
    assert find(diagnose(), "quiet").good


def test_gaps_that_nobody_requires_pass() -> None:
    assert diagnose("a browser runs", fixed_layout=False).exit_code == ExitCode.PASSED


def test_no_git_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    diagnosis = diagnose()
    assert not find(diagnosis, "git").good
    assert diagnosis.exit_code == ExitCode.USAGE


def test_a_required_gap_is_a_failure() -> None:
    assert require(diagnose(), ["runc"]).exit_code == ExitCode.PASSED
    assert require(diagnose(), ["runc", "podman"]).exit_code == ExitCode.USAGE


def test_requiring_the_unknown_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"'rumc'; did you mean 'runc'\?"):
        require(diagnose(), ["rumc"])


def test_noise_is_measured_on_samples_enough_for_a_median() -> None:
    noise = measure_noise(0.0)
    assert noise.samples >= 3
    assert noise.neighbours >= 0
    assert noise.whole >= 0
