"""Commands in a running sandbox."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import command
from perfbench import sut
from perfbench.sandbox.runtimes.runtime import ExecResult
from tests.benchmarks.rows import ROOT, run
from tests.fake_runtime import FakeRuntime, FakeSandbox

Fake = Callable[[str], FakeRuntime]

MEASURE = """
import json
from benchmarks.command import Own
out = {}
for program in Own.params[0]:
    row = Own()
    try:
        row.setup(program)
        row.time_run(program)
        out[program] = "measured"
    except Exception as error:
        out[program] = str(error)
print(json.dumps(out))
"""

COUNT = """
import json, math
from benchmarks import command
print(json.dumps({name: math.prod(map(len, getattr(command, name).params)) for name in ("Exec", "Output", "Own")}))
"""


def own(table: dict[str, object], script: str = MEASURE, **environment: str) -> dict[str, str | int]:
    """What a script prints about the rows in a project that has configured this."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={sut.VARIABLE: json.dumps(table), "PYTHONPATH": str(ROOT), "PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str | int] = json.loads(done.stdout)
    return found


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


def test_a_projects_own_commands_are_rows(tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    commands = {"look": ["ls", "here"], "say": ["printf", "%s", "a b;$HOME ${GREETING}"]}
    found = own({"root": str(tmp_path), "command": {"commands": commands}}, GREETING="hello")
    assert found == {"look": "measured", "say": "measured"}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["false"], "false ended with exit code 1"),
        (["no-such-program"], "no-such-program cannot be run: No such file or directory"),
        (["ls", "${NOT_SET}"], "the environment variable NOT_SET is not set; export NOT_SET=…"),
    ],
)
def test_an_own_command_that_fails_says_why(argv: list[str], message: str, tmp_path: Path) -> None:
    (found,) = own({"root": str(tmp_path), "command": {"commands": {"one": argv}}}).values()
    assert message in str(found)


def test_without_any_it_is_the_command_of_the_sandboxes_on_the_host(tmp_path: Path) -> None:
    assert run("command.Own.time_run(true)", tmp_path)["samples"][0] > 0


def test_a_project_without_containers_has_no_rows_of_sandboxes() -> None:
    found = own({"command": {"commands": {"one": ["true"]}}}, script=COUNT)
    assert found == {"Exec": 0, "Output": 0, "Own": 1}


def test_a_project_with_runtimes_of_its_own_has_those() -> None:
    found = own({"container": {"runtimes": ["mine", "yours"]}}, script=COUNT)
    assert found == {"Exec": 2, "Output": 6, "Own": 0}
