"""Memory of operations, payloads and sandboxes."""

from __future__ import annotations

import math
import os
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import _footprint, memory
from benchmarks._counted import OPERATIONS
from benchmarks._footprint import processes, working_set
from perfbench import sut
from tests.benchmarks.rows import run
from tests.fake_runtime import FakeRuntime

Fake = Callable[[str], FakeRuntime]
MIB = 1024**2
TICKS = os.sysconf("SC_CLK_TCK")

memray = pytest.mark.skipif(
    find_spec("memray") is None,
    reason="memray is not installed: pip install memray",
)


def value(name: str, folder: Path) -> float:
    """What asv makes of a row: its value, NaN when it is skipped."""
    found = run(name, folder)
    return float(found if isinstance(found, float) else found["samples"][0] if "samples" in found else found)


def test_the_rows_are_the_operations_that_are_counted() -> None:
    assert memory.Allocations.params == tuple(OPERATIONS)


def test_units_say_what_is_counted() -> None:
    row = memory.Allocations
    assert row.track_bytes.unit == "bytes"  # type: ignore[attr-defined]
    assert row.track_allocations.unit == "allocations"  # type: ignore[attr-defined]
    assert row.better == memory.Sandbox.better == memory.Peak.better == "lower"


@memray
@pytest.mark.parametrize("operation", ["session_create", "command_parse"])
def test_allocations_repeat_run_after_run(operation: str) -> None:
    rows = memory.Allocations()
    rows.setup(operation)
    first, second = (
        (rows.track_bytes(operation), rows.track_allocations(operation)),
        (
            rows.track_bytes(operation),
            rows.track_allocations(operation),
        ),
    )
    assert first == second
    assert first[0] > 0


@memray
def test_a_get_of_a_setting_allocates_nothing() -> None:
    assert memory.Allocations().track_allocations("settings_get") == 0


@memray
def test_every_operation_can_be_made_again_and_again() -> None:
    skipped = []
    for name, prepared in OPERATIONS.items():
        try:
            with prepared() as operation:
                operation()
                operation()
        except NotImplementedError:
            skipped.append(name)
    assert all(name.startswith("script_") for name in skipped)


@memray
def test_the_peak_of_a_payload_holds_at_least_the_payload() -> None:
    assert MIB < memory.Peak().track_peak("session_1MiB") < 10 * MIB


def test_other_areas_alone_leave_no_reference_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sut.VARIABLE, '{"api": {"url": "http://127.0.0.1:1"}}')
    with pytest.raises(NotImplementedError, match=r"there is no \[sut.session\]"):
        memory.Allocations().setup("session_read")


@pytest.mark.parametrize("ruler", ["pss", "uss", "host"])
def test_a_bare_process_is_measured_by_what_it_has(ruler: str, tmp_path: Path) -> None:
    assert 0 <= value(f"memory.Sandbox.track_memory(process, {ruler})", tmp_path) < 50e6


def test_a_runtime_without_a_cgroup_has_no_working_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert math.isnan(value("memory.Sandbox.track_memory(process, working_set)", tmp_path))
    assert "process makes no cgroup of its own" in capsys.readouterr().out


def test_a_crowd_is_gone_afterwards(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    amounts = iter((1000 * MIB, 920 * MIB, 1000 * MIB))
    monkeypatch.setattr(_footprint, "available", lambda: next(amounts))
    assert _footprint.memory_of(fake("runc"), "host") == 10 * MIB
    assert fake("runc").calls.count("create") == fake("runc").calls.count("remove") == _footprint.CROWD
    assert fake("runc").alive == []


def test_memory_that_the_host_has_gained_is_none_of_a_sandbox(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    amounts = iter((1000 * MIB, 1200 * MIB, 1000 * MIB))
    monkeypatch.setattr(_footprint, "available", lambda: next(amounts))
    assert _footprint.memory_of(fake("runc"), "host") == 0


def test_the_working_set_of_version_1_leaves_out_pages_that_can_go(tmp_path: Path) -> None:
    (tmp_path / "memory.usage_in_bytes").write_text("5000\n")
    (tmp_path / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 2000\n")
    assert working_set(tmp_path) == 3000


def test_the_working_set_of_version_2_leaves_out_pages_that_can_go(tmp_path: Path) -> None:
    (tmp_path / "memory.current").write_text("5000\n")
    (tmp_path / "memory.stat").write_text("anon 100\ninactive_file 2000\n")
    assert working_set(tmp_path) == 3000


def test_what_holds_a_sandbox_belongs_to_it_and_what_was_there_before_does_not() -> None:
    began = int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS)
    with subprocess.Popen(
        ["sh", "-c", "sh -c 'sleep 60 & echo $!; wait' & wait"], stdout=subprocess.PIPE, process_group=0
    ) as holder:
        assert holder.stdout is not None
        sleeper = int(holder.stdout.readline())
        found = processes(sleeper, began)
        later = processes(sleeper, began + 3600 * TICKS)
        os.killpg(holder.pid, 9)
    assert {holder.pid, sleeper} < found
    assert len(found) == 3
    assert os.getpid() not in found
    assert later == {sleeper}


def test_private_and_shared_memory_are_told_apart() -> None:
    far = int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS) + 3600 * TICKS
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as cat:
        uss = _footprint.of_processes(cat.pid, far, "uss")
        pss = _footprint.of_processes(cat.pid, far, "pss")
    assert 0 < uss <= pss < 50e6
