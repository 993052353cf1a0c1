"""`perfbench run` does what its settings, its variables and `--only` say, from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.command_line import git, perfbench, repository

pytest.importorskip("yaml")

SETTINGS = """\
benchmarks:
  iterations: 3
  areas: {other: false}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "project")
    config = {"version": 1, "project": "demo", "repo": ".", "environment_type": "existing"}
    (folder / "asv.conf.json").write_text(json.dumps(config))
    (folder / "ci.yaml").write_text(SETTINGS)
    (folder / ".gitignore").write_text("__pycache__/\n")  # what an interpreter of its own leaves in the tree
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks/files.py").write_text("def time_copy():\n    bytes(1000)\n")
    (folder / "benchmarks/other.py").write_text("def time_nothing():\n    pass\n")
    git("add", ".", cwd=folder)
    git("commit", "--quiet", "--message=benchmarks", cwd=folder)
    return folder


def test_a_run_in_ci_takes_what_is_set_and_says_what_is_shorter(project: Path, tmp_path: Path) -> None:
    here = {"PERF_CONFIG_FILE": "ci.yaml", "PERF_OUTPUT_DIR": str(tmp_path / "kept")}
    done = perfbench("run", cwd=project, CI="true", **here)
    assert done.returncode == 0, done.stderr
    assert "files.copy" in done.stdout
    assert "other.nothing" not in done.stdout
    assert "6 rounds instead of 10" in " ".join(done.stderr.split())
    (kept,) = (tmp_path / "kept/runs").glob("*.jsonl")
    runs = [line for line in map(json.loads, kept.read_text().splitlines()) if line["type"] == "run"]
    assert max(len(run["values"]) for run in runs) == 3
    assert git("status", "--porcelain", cwd=project) == ""

    done = perfbench("run", "--only", "other", "--rounds", "1", cwd=project, **here)
    assert done.returncode == 0, done.stderr
    assert "other.nothing" in done.stdout
    assert "files.copy" not in done.stdout
    assert "this is CI" not in done.stderr
