"""Runtimes by name."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from perfbench.errors import SandboxError, UsageError
from perfbench.sandbox import runtimes
from perfbench.sandbox.runtimes.runtime import Availability


class Stub:
    """A runtime that answers as it is told."""

    def __init__(self, name: str, sweep: Callable[[], list[str]] = list, *, available: bool = True) -> None:
        self.name = name
        self.sweep = sweep
        self._available = available

    def availability(self) -> Availability:
        return Availability(self._available, reason="" if self._available else "it is not there")


@pytest.mark.parametrize("name", runtimes.NAMES)
def test_every_name_leads_to_its_runtime_and_always_the_same(name: str) -> None:
    assert runtimes.runtime(name).name == name
    assert runtimes.runtime(name) is runtimes.runtime(name)


def test_docker_takes_any_runtime_that_an_engine_may_have() -> None:
    assert runtimes.runtime("docker:kata-fc").name == "docker:kata-fc"


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("proces", "process"), ("bubble", "bubblewrap"), ("docker", "docker:runc"), ("run", "runc")],
)
def test_an_unknown_name_is_answered_with_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean '{near}'"):
        runtimes.runtime(wrong)


@pytest.mark.parametrize("wrong", ["", "qqqqq", "docker:", "docker:a b", "docker:../x"])
def test_what_resembles_no_name_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="there is no runtime"):
        runtimes.runtime(wrong)


def test_every_runtime_has_a_status_and_an_absent_one_its_reason_and_remedy() -> None:
    statuses = runtimes.statuses()
    assert tuple(statuses) == runtimes.NAMES
    assert statuses["process"].available
    for status in statuses.values():
        assert status.available or (status.reason and status.remedy)


def test_a_runtime_that_does_not_answer_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Stub):
        def availability(self) -> Availability:
            time.sleep(5)
            return super().availability()

    monkeypatch.setattr(runtimes, "ANSWERS_WITHIN", 0.05)
    monkeypatch.setattr(runtimes, "runtime", lambda name: Silent(name) if name == "podman" else Stub(name))
    statuses = runtimes.statuses()
    assert "did not answer" in statuses["podman"].reason
    assert statuses["runc"].available


def test_a_sweep_asks_all_that_can_be_asked_and_one_failure_stops_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def swept(name: str) -> Callable[[], list[str]]:
        def sweep() -> list[str]:
            asked.append(name)
            if name == "runc":
                raise SandboxError("it stays")
            return [name]

        return sweep

    monkeypatch.setattr(runtimes, "runtime", lambda name: Stub(name, swept(name), available=name != "podman"))
    with pytest.raises(SandboxError, match="it stays"):
        runtimes.sweep()
    assert asked == [name for name in runtimes.NAMES if name != "podman"]


def test_importing_the_registry_imports_no_driver() -> None:
    code = (
        "import sys, perfbench.sandbox.runtimes; "
        "print([name for name in ('docker', 'psutil', 'subprocess', 'socket') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
