"""What holds for every benchmark: asv can use it, absent runtimes are skipped, nothing is left behind."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks._running import RUNTIMES
from perfbench import sut
from perfbench.config import load_thresholds
from perfbench.sandbox import runtimes
from tests.benchmarks.rows import FOLDER, ROOT, Row, benchmarks, rows, run
from tests.fake_runtime import FakeRuntime

NAMES = [benchmark.name for benchmark in benchmarks()]

AREAS = {
    "api", "command", "concurrency", "container", "database", "dispatch", "files", "folder", "language", "leaks",
    "llm", "mcp", "memory", "script", "session", "settings", "workflow",
}  # fmt: skip
ON_SANDBOXES = ("command", "container", "files")
"""Areas whose rows are run here on the fake runtime and on bare processes; each other one has tests of its own."""

ALONE = ("session.Id", "session.Json", "settings.", "dispatch.", "folder.")
"""Rows of one thread in one process, which calibration may hold on one CPU."""

WITHOUT_BUDGET = ("llm.", "command.Own.")
"""What only a user has."""

QUICK = [name for name in rows() if "100MiB" not in name and name.partition(".")[0] in ON_SANDBOXES]


def runtime_of(row: Row) -> str:
    return str(dict(zip(row.benchmark.param_names, row.params, strict=True)).get("runtime", ""))


def area_of(name: str) -> str:
    return name.partition(".")[0]


def test_every_area_is_discovered() -> None:
    assert {area_of(name) for name in NAMES} == AREAS


def test_every_area_is_described_in_the_page_of_benchmarks() -> None:
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## (\w+):", page, re.MULTILINE)) == AREAS
    undescribed = {name for name in NAMES if name.rpartition(".")[2] not in page}
    assert not undescribed


def test_every_row_has_a_budget() -> None:
    budgets = load_thresholds(ROOT / "baselines/thresholds.toml").budgets
    guarded = [budget.pattern for budget in budgets]
    bare = {name for name, row in rows().items() if not any(_fits(pattern, name, row) for pattern in guarded)}
    assert {name for name in bare if not name.startswith(WITHOUT_BUDGET)} == set()


def _fits(pattern: str, name: str, row: Row) -> bool:
    return any(pattern == one or fnmatch.fnmatchcase(one, pattern) for one in (name, row.benchmark.name))


def test_the_list_of_runtimes_is_the_registrys() -> None:
    assert RUNTIMES == runtimes.NAMES == sut.RUNTIMES


@pytest.mark.parametrize("benchmark", benchmarks(), ids=NAMES)
def test_asv_accepts_it(benchmark: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.check(str(FOLDER))  # type: ignore[attr-defined]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("benchmark", benchmarks(), ids=NAMES)
def test_its_version_and_timeout_are_its_own(benchmark: object) -> None:
    assert benchmark.version == "1"  # type: ignore[attr-defined]
    assert benchmark.timeout >= 60  # type: ignore[attr-defined]


SHARED = [benchmark for benchmark in benchmarks() if not benchmark.name.startswith(ALONE)]


@pytest.mark.parametrize("benchmark", SHARED, ids=[benchmark.name for benchmark in SHARED])
def test_it_is_not_to_be_held_on_one_cpu(benchmark: object) -> None:
    _, instance, _ = benchmark._attr_sources  # type: ignore[attr-defined]
    assert instance.perfbench_pin is False


@pytest.mark.parametrize("name", [name for name in QUICK if runtime_of(rows()[name]) == "podman"])
def test_an_absent_runtime_is_skipped_with_reason_and_remedy(
    name: str, fake: Callable[[str], FakeRuntime], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert math.isnan(run(name, tmp_path))
    assert "podman is not installed; apt-get install podman" in capsys.readouterr().out
    assert fake("podman").calls == []


@pytest.mark.parametrize("name", [name for name in QUICK if runtime_of(rows()[name]) == "docker:runc"])
def test_a_row_on_a_runtime_leaves_no_sandbox_but_the_one_that_runs(
    name: str, fake: Callable[[str], FakeRuntime], tmp_path: Path
) -> None:
    run(name, tmp_path)
    kept = fake("docker:runc").alive
    assert [sandbox.running for sandbox in kept] == ([] if name.startswith("container.") else [True])


@pytest.mark.parametrize("name", [name for name in QUICK if runtime_of(rows()[name]) in ("", "process")])
def test_it_runs_on_a_bare_process(name: str, tmp_path: Path) -> None:
    result = run(name, tmp_path)
    if "Cold" in name or "overhead" in name:
        assert math.isnan(result)
    else:
        assert len(result["samples"]) == 1
        assert result["samples"][0] > 0
