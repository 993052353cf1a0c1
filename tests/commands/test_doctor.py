"""`perfbench doctor`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.command_line import perfbench


def test_it_names_every_gap_with_its_cost(tmp_path: Path) -> None:
    done = perfbench("doctor", cwd=tmp_path, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ process" in done.stdout
    assert "– docker:runc" in done.stdout
    assert "costs: rows of docker:runc are skipped" in done.stdout


def test_json_holds_the_same_and_the_exit_code(tmp_path: Path) -> None:
    done = perfbench("doctor", "--json", cwd=tmp_path)
    content = json.loads(done.stdout)
    assert content["exit_code"] == done.returncode == 0
    assert {finding["area"] for finding in content["findings"]} == {"tool", "runtime", "machine"}
    assert content["noise"]["samples"] > 10


@pytest.mark.parametrize(
    ("names", "code"), [("process", 0), ("process,git", 0), ("process, docker:runc", 2), ("proces", 2)]
)
def test_what_is_required_decides_the_exit_code(names: str, code: int, tmp_path: Path) -> None:
    done = perfbench("doctor", "--require", names, cwd=tmp_path, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.returncode == code
    assert ("did you mean 'process'?" in done.stderr) == (names == "proces")
