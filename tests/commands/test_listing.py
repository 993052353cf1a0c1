"""`perfbench list` shows every row, what it is held to, and every runtime that rows name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.command_line import perfbench, repository

BENCHMARKS = """
class Copy:
    params = [["process", "podman"], [1, 1000]]
    param_names = ["runtime", "size"]

    def setup(self, runtime, size):
        pass

    def time_copy(self, runtime, size):
        bytes(size)


def track_rate():
    return 5

track_rate.unit = "requests/s"
track_rate.better = "higher"
"""

THRESHOLDS = """
[[threshold]]
pattern = "files.Copy.*"
limit = "5 %"

[[budget]]
pattern = "files.Copy.time_copy(process, 1)"
limit = "500 ms"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "project")
    (folder / "asv.conf.json").write_text('{"version": 1, "project": "demo", "repo": "."}')
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks/files.py").write_text(BENCHMARKS)
    (folder / "baselines").mkdir()
    (folder / "baselines/thresholds.toml").write_text(THRESHOLDS)
    (folder / "perfbench.toml").write_text('[gate]\nrows = ["files.Copy.time_copy(process, *)"]\n')
    return folder


HARNESS = """
[[harness]]
name = "api"
command = "pytest benches --benchmark-json={out} -k 'not slow'"
"""


def listed(project: Path) -> dict[str, Any]:
    done = perfbench("list", "--json", cwd=project)
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def test_every_combination_of_params_is_a_row(project: Path) -> None:
    assert [row["id"] for row in listed(project)["rows"]] == [
        "files.Copy.time_copy(process, 1)",
        "files.Copy.time_copy(process, 1000)",
        "files.Copy.time_copy(podman, 1)",
        "files.Copy.time_copy(podman, 1000)",
        "files.track_rate",
    ]


def test_a_row_shows_metric_threshold_budget_and_tier(project: Path) -> None:
    first, second, *_, rate = listed(project)["rows"]
    assert (first["limit"], first["budget"], first["tier"]) == (0.05, 0.5, "gate")
    assert (second["limit"], second["budget"], second["tier"]) == (0.05, None, "gate")
    assert rate["metric"] == {"name": "track", "unit": "requests/s", "better": "higher"}
    assert (rate["limit"], rate["budget"], rate["tier"]) == (None, None, "all")


def test_the_runtimes_that_rows_name_are_listed_here_or_not(project: Path) -> None:
    statuses = {status["name"]: status for status in listed(project)["runtimes"]}
    assert set(statuses) == {"process", "podman"}
    assert statuses["process"]["available"]
    assert statuses["podman"]["available"] or statuses["podman"]["reason"]


def test_the_text_names_benchmarks_limits_and_runtimes(project: Path) -> None:
    done = perfbench("list", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert "runtime: process, podman" in done.stdout
    assert "gate 2" in done.stdout
    assert "5 %" in done.stdout
    assert "podman  " in done.stdout.partition("runtime\n")[2]


def test_a_module_that_cannot_be_read_is_named_and_hides_nothing(project: Path) -> None:
    (project / "benchmarks/broken.py").write_text("import nothing_of_that_name\n")
    done = perfbench("list", cwd=project)
    assert done.returncode == 0
    assert "broken could not be read" in done.stderr
    assert "nothing_of_that_name" in done.stderr
    assert "runtime: process, podman" in done.stdout


def test_no_row_at_all_is_exit_3(project: Path) -> None:
    (project / "benchmarks/files.py").write_text("")
    assert perfbench("list", cwd=project).returncode == 3


def test_no_asv_configuration_is_a_sentence(project: Path) -> None:
    (project / "asv.conf.json").unlink()
    done = perfbench("list", cwd=project)
    assert done.returncode == 2
    assert "asv.conf.json" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_harness_is_listed_with_its_command(project: Path) -> None:
    with (project / "perfbench.toml").open("a") as file:
        file.write(HARNESS)
    found = listed(project)
    assert [harness["name"] for harness in found["harnesses"]] == ["api"]
    assert found["harnesses"][0]["command"][-1] == "not slow"
    assert found["rows"]


def test_a_repository_of_harnesses_alone_needs_no_asv_configuration(tmp_path: Path) -> None:
    folder = repository(tmp_path / "project")
    (folder / "perfbench.toml").write_text(HARNESS)
    done = perfbench("list", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "api      pytest benches '--benchmark-json={out}' -k 'not slow'" in done.stdout
    assert "no benchmark was found" not in done.stdout


def test_a_repository_with_nothing_to_measure_says_what_it_lacks(tmp_path: Path) -> None:
    done = perfbench("list", cwd=repository(tmp_path / "project"))
    assert done.returncode == 2
    assert "there is no asv.conf.json" in done.stderr
    assert "neither [sut.*] nor [[harness]] in perfbench.toml" in done.stderr


def test_one_area_is_listed_alone(project: Path) -> None:
    (project / "benchmarks/other.py").write_text("def time_nothing():\n    pass\n")
    done = perfbench("list", "--only", "other", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing" in done.stdout
    assert "copy" not in done.stdout
    done = perfbench("list", "--only", "othre", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean other?" in done.stderr


def test_an_area_that_is_switched_off_is_listed_with_the_place_that_says_so(project: Path) -> None:
    with (project / "perfbench.toml").open("a") as file:
        file.write("[benchmarks.areas]\nfiles = false\n")
    rows = listed(project)["rows"]
    assert {(row["tier"], row["skipped"]) for row in rows} == {
        ("all", "files is switched off in perfbench.toml:4")
    }
