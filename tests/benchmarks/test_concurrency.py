"""The same calls by several threads."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import _workers, concurrency
from benchmarks._workers import Job, Workers, efficiency
from tests.benchmarks.rows import run
from tests.fake_runtime import FakeRuntime

Fake = Callable[[str], FakeRuntime]


class Counted:
    """A job that counts its calls by thread."""

    def __init__(self, calls: int = 64, failing: str = "") -> None:
        self.calls: Counter[int] = Counter()
        self.closed: set[int] = set()
        self.failing = failing
        self.job = Job(self.prepared, calls)

    @contextmanager
    def prepared(self) -> Iterator[Callable[[], object]]:
        if self.failing == "prepare":
            raise ValueError("prepare")
        try:
            yield self.call
        finally:
            self.closed.add(threading.get_ident())

    def call(self) -> None:
        self.calls[threading.get_ident()] += 1
        if self.failing == "call" and self.calls[threading.get_ident()] > 1:
            raise ValueError("call")


@pytest.mark.parametrize("size", [1, 4, 16, 64])
def test_each_thread_does_its_share_after_one_call_to_warm_up(size: int) -> None:
    counted = Counted()
    workers = Workers(counted.job, size)
    assert set(counted.calls.values()) == {1}
    workers.run()
    assert set(counted.calls.values()) == {64 // size + 1}
    workers.disband()
    assert len(counted.closed) == len(counted.calls) == size


def test_threads_that_are_not_let_go_end_without_a_call() -> None:
    counted = Counted()
    Workers(counted.job, 4).disband()
    assert set(counted.calls.values()) == {1}
    assert threading.active_count() == 1


@pytest.mark.parametrize("where", ["prepare", "call"])
def test_the_failure_of_one_is_that_of_all(where: str) -> None:
    before = threading.active_count()
    with pytest.raises(ValueError, match=where):
        _workers.seconds(Counted(failing=where).job, 4)
    assert threading.active_count() == before


def test_efficiency_is_throughput_over_that_of_as_many_single_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = []

    def took(_: Job, size: int) -> float:
        turns.append(size)
        return {1: 8.0, 4: 4.0}[size]

    monkeypatch.setattr(_workers, "seconds", took)
    assert efficiency(Counted().job, 4) == 0.5
    assert turns == [1, 4, 4, 1]


def test_more_is_better_of_efficiency_alone() -> None:
    assert concurrency.SessionsEfficiency.better == "higher"
    assert concurrency.SessionsEfficiency.unit == "share"


@pytest.mark.parametrize(
    "name",
    [
        "concurrency.Sessions.time_all(memory, 1)",
        "concurrency.Sessions.time_all(sqlite, 16)",
        "concurrency.SessionsEfficiency.track_efficiency(memory, 4)",
        "concurrency.Scripts.time_all(quickjs, 4)",
        "concurrency.Commands.time_all(process, 4)",
        "concurrency.Requests.time_all(health, 4)",
        "concurrency.RequestsEfficiency.track_efficiency(session_read, 4)",
    ],
)
def test_a_row_is_measured(name: str, tmp_path: Path) -> None:
    found = run(name, tmp_path)
    value = found["samples"][0] if isinstance(found, dict) else found
    assert value > 0 or (math.isnan(value) and ("quickjs" in name or "Requests" in name))


def test_all_threads_call_into_one_sandbox(fake: Fake, tmp_path: Path) -> None:
    run("concurrency.Commands.time_all(docker:runc, 16)", tmp_path)
    assert Counter(fake("docker:runc").calls) == {"sweep": 1, "create": 1, "start": 1, "exec": 64 + 16}


def test_a_session_is_deleted_when_its_thread_ends(tmp_path: Path) -> None:
    from benchmarks._stores import opened

    before = len(opened("memory").ids())
    run("concurrency.Sessions.time_all(memory, 16)", tmp_path)
    assert len(opened("memory").ids()) == before
