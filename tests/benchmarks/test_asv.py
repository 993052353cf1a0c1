"""asv itself on this repository, with its own configuration."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import fake_runtime
from tests.benchmarks.rows import ROOT

pytest.importorskip("asv", reason="asv is not installed: pip install asv")

HERE = ("-E", f"existing:{sys.executable}")
"""The environment that the tests run in."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository of one commit, with this one's benchmarks and configuration."""
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("benchmarks", "asv.conf.json"):
        (clone / name).symlink_to(ROOT / name)
    author = ("-c", "user.name=perfbench", "-c", "user.email=perfbench@localhost")
    for arguments in (("init", "-q", "-b", "main"), (*author, "commit", "-q", "--allow-empty", "-m", "One")):
        subprocess.run(["git", *arguments], cwd=clone, check=True)
    return clone


def asv(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run asv on the fake runtime, with a home of its own."""
    return subprocess.run(
        [sys.executable, "-m", "asv", *arguments],
        cwd=clone,
        env={
            **os.environ,
            "HOME": str(clone.parent),
            "ASV_PYTHONPATH": str(ROOT),
            "PERFBENCH_SUT_RUNTIMES": fake_runtime.FACTORY,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_asv_finds_nothing_wrong_with_the_benchmarks(clone: Path) -> None:
    done = asv(clone, "check", *HERE)
    assert done.returncode == 0, done.stdout
    assert "No problems found" in done.stdout


def test_asv_run_measures_and_skips_and_keeps_what_it_measured(clone: Path) -> None:
    assert asv(clone, "machine", "--yes", "--machine", "box").returncode == 0
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=clone, capture_output=True, text=True, check=True
    ).stdout.strip()
    done = asv(
        clone,
        "run",
        "--quick",
        "--show-stderr",
        "--machine",
        "box",
        "--bench",
        "time_start",
        "--set-commit-hash",
        commit,
        *HERE,
    )
    assert done.returncode == 0, done.stdout
    assert "podman is not installed; apt-get install podman" in done.stdout
    (result,) = (clone / ".asv/results/box").glob(f"{commit[:8]}-*.json")
    columns = json.loads(result.read_text())
    values = columns["results"]["container.Lifecycle.time_start"][columns["result_columns"].index("result")]
    assert all(value > 0 for value in values[:-1])
    assert math.isnan(values[-1])  # asv's word for skipped
