"""What holds for every benchmark: asv can use it, absent runtimes are skipped, nothing is left behind."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks._running import RUNTIMES
from perfbench import sut
from perfbench.sandbox import runtimes
from tests.benchmarks.rows import FOLDER, Row, benchmarks, rows, run
from tests.fake_runtime import FakeRuntime

NAMES = [benchmark.name for benchmark in benchmarks()]
QUICK = [name for name in rows() if "100MiB" not in name]


def runtime_of(row: Row) -> str:
    return str(dict(zip(row.benchmark.param_names, row.params, strict=True)).get("runtime", ""))


def test_every_area_is_discovered() -> None:
    assert {name.partition(".")[0] for name in NAMES} == {"command", "container", "files"}
    assert {
        "command.Cli.time_help",
        "command.Cli.time_version",
        "command.Exec.time_exec",
        "command.Exec.track_overhead",
        "command.Output.time_output",
        "container.Cold.time_first_start",
        "container.Concurrent.time_until_all_answer",
        "container.Lifecycle.time_create",
        "container.Lifecycle.time_cycle",
        "container.Lifecycle.time_first_command",
        "container.Lifecycle.time_remove",
        "container.Lifecycle.time_start",
        "container.Lifecycle.time_stop",
        "container.Warm.time_first_start",
        "files.InSandbox.time_copy_in",
        "files.InSandbox.time_copy_out",
        "files.InSandbox.time_read",
        "files.InSandbox.time_write",
        "files.InSandbox.time_write_fsync",
        "files.ListInSandbox.time_list",
        "files.ListOnHost.time_list",
        "files.OnHost.time_copy",
        "files.OnHost.time_read",
        "files.OnHost.time_write",
        "files.OnHost.time_write_fsync",
    } == set(NAMES)


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


@pytest.mark.parametrize("benchmark", benchmarks(), ids=NAMES)
def test_it_is_not_to_be_held_on_one_cpu(benchmark: object) -> None:
    _, instance, _ = benchmark._attr_sources  # type: ignore[attr-defined]
    assert instance.perfbench_pin is False


@pytest.mark.parametrize("name", [name for name in rows() if runtime_of(rows()[name]) == "podman"])
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
