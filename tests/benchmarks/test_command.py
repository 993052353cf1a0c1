"""Commands in a running sandbox."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import command
from perfbench.sandbox.runtimes.runtime import ExecResult
from tests.benchmarks.rows import run
from tests.fake_runtime import FakeRuntime, FakeSandbox

Fake = Callable[[str], FakeRuntime]


def test_samples_share_one_running_sandbox(fake: Fake, tmp_path: Path) -> None:
    for _ in range(3):
        run("command.Exec.time_exec(runc)", tmp_path)
    assert fake("runc").calls == ["sweep", "create", "start", "exec", "exec", "exec"]


def test_overhead_is_the_median_difference_of_neighbours(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = 0.0

    def advance(seconds: float) -> ExecResult:
        nonlocal clock
        clock += seconds
        return ExecResult(0, b"", b"")

    monkeypatch.setattr(FakeSandbox, "exec", lambda *_: advance(0.040))
    monkeypatch.setattr(command, "on_host", lambda *_: advance(0.001))
    monkeypatch.setattr("time.perf_counter", lambda: clock)
    assert run("command.Exec.track_overhead(runc)", tmp_path) == pytest.approx(0.039)


def test_sandbox_and_host_are_timed_in_turns_and_counter_turns(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    turns: list[str] = []

    def ran(where: str) -> ExecResult:
        turns.append(where)
        return ExecResult(0, b"", b"")

    monkeypatch.setattr(FakeSandbox, "exec", lambda *_: ran("A"))
    monkeypatch.setattr(command, "on_host", lambda *_: ran("B"))
    run("command.Exec.track_overhead(runc)", tmp_path)
    assert "".join(turns) == "AB" + "ABBA" * 4  # the first pair warms up


def test_a_bare_process_has_no_overhead_to_take(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert math.isnan(run("command.Exec.track_overhead(process)", tmp_path))
    assert "a bare process runs on the host itself" in capsys.readouterr().out


def test_overhead_is_in_seconds_and_better_when_lower() -> None:
    assert (command.Exec.unit, command.Exec.better) == ("seconds", "lower")


def test_a_command_that_fails_is_no_measurement(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(FakeSandbox, "exec", lambda *_: ExecResult(1, b"", b"no such luck"))
    with pytest.raises(RuntimeError, match=r"exit code 1: .*no such luck"):
        run("command.Exec.time_exec(runc)", tmp_path)


def test_output_that_comes_back_short_is_no_measurement(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(FakeSandbox, "exec", lambda *_: ExecResult(0, bytes(1000), b""))
    with pytest.raises(RuntimeError, match="1000 bytes came back, not 65536"):
        run("command.Output.time_output(runc, 64KiB)", tmp_path)
