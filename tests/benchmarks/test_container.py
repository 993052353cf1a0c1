"""The phases of a sandbox's life: each does what it says, and nothing else is under the clock."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.container import Concurrent, Lifecycle
from perfbench.errors import SandboxError
from tests.benchmarks.rows import run
from tests.fake_runtime import FakeRuntime

Fake = Callable[[str], FakeRuntime]


@pytest.mark.parametrize(
    ("name", "before", "timed"),
    [
        ("Lifecycle.time_create", [], ["create"]),
        ("Lifecycle.time_start", ["create"], ["start"]),
        ("Lifecycle.time_first_command", ["create"], ["start", "exec"]),
        ("Lifecycle.time_stop", ["create", "start"], ["stop"]),
        ("Lifecycle.time_remove", ["create", "start", "stop"], ["remove"]),
        ("Lifecycle.time_cycle", [], ["create", "start", "exec", "stop", "remove"]),
        ("Cold.time_first_start", ["create_cold"], ["start", "exec"]),
        ("Warm.time_first_start", ["create", "start", "remove", "create"], ["start", "exec"]),
    ],
)
def test_a_phase_is_prepared_timed_and_cleaned_up(
    name: str, before: list[str], timed: list[str], fake: Fake, tmp_path: Path
) -> None:
    run(f"container.{name}(runc)", tmp_path)
    assert fake("runc").calls == ["sweep", *before, *timed, "remove"]
    assert fake("runc").alive == []


@pytest.mark.parametrize("sandboxes", [1, 4, 16])
def test_many_at_once_are_all_created_started_asked_and_removed(
    sandboxes: int, fake: Fake, tmp_path: Path
) -> None:
    run(f"container.Concurrent.time_until_all_answer(runc, {sandboxes})", tmp_path)
    assert Counter(fake("runc").calls) == {
        "sweep": 1,
        "create": sandboxes,
        "start": sandboxes,
        "exec": sandboxes,
        "remove": sandboxes,
    }
    assert fake("runc").alive == []


def test_none_of_many_is_created_before_the_clock_starts(fake: Fake) -> None:
    concurrent = Concurrent()
    concurrent.setup("runc", 4)
    calls = list(fake("runc").calls)
    concurrent.teardown("runc", 4)
    assert calls == fake("runc").calls == ["sweep"]


@pytest.mark.parametrize("name", ["Lifecycle.time_first_command(runc)", "Lifecycle.time_cycle(runc)"])
def test_a_command_that_fails_fails_the_row_and_leaves_nothing(name: str, fake: Fake, tmp_path: Path) -> None:
    fake("runc").failing.add("exec")
    with pytest.raises(SandboxError):
        run(f"container.{name}", tmp_path)
    assert fake("runc").alive == []


@pytest.mark.parametrize("broken", ["create", "start", "exec"])
def test_one_failure_among_many_fails_the_row_and_leaves_nothing(
    broken: str, fake: Fake, tmp_path: Path
) -> None:
    fake("runc").failing.add(broken)
    with pytest.raises(SandboxError, match=broken):
        run("container.Concurrent.time_until_all_answer(runc, 4)", tmp_path)
    assert fake("runc").alive == []


def test_a_runtime_without_images_has_no_cold_start(fake: Fake, tmp_path: Path) -> None:
    assert math.isnan(run("container.Cold.time_first_start(process)", tmp_path))
    assert fake("process").alive == []


def test_teardown_without_setup_is_harmless() -> None:
    Lifecycle().teardown("runc")
    concurrent = Concurrent()
    concurrent.teardown("runc", 4)
    assert concurrent.crowd is None
