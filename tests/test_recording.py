"""What code tells of operations that it has timed itself."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import perfbench
from perfbench import recording
from perfbench.recording import record_operation


@pytest.fixture(autouse=True)
def nobody_collects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_collected", None)
    monkeypatch.delenv(recording.VARIABLE, raising=False)


def test_it_is_the_packages_own_function() -> None:
    assert perfbench.record_operation is record_operation


def test_nothing_happens_where_nobody_listens() -> None:
    record_operation("fetch", 0.1)
    assert recording._collected is None


def test_a_worker_gets_totals_by_name_and_begins_anew() -> None:
    assert recording.drain() == {}
    record_operation("fetch", 0.25)
    record_operation("fetch", 0.5)
    record_operation("fetch", 9.0, success=False)
    record_operation("store", 1.0)
    assert recording.drain() == {"fetch": [0.75, 2, 1], "store": [1.0, 1, 0]}
    assert recording.drain() == {}


def test_threads_lose_no_operation() -> None:
    recording.drain()

    def record() -> None:
        for _ in range(500):
            record_operation("one", 0.5)

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recording.drain() == {"one": [1000.0, 2000, 0]}


def test_a_file_gets_a_line_for_each_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "operations"
    monkeypatch.setenv(recording.VARIABLE, str(path))
    record_operation("fetch", 0.25, metadata={"host": "a"})
    record_operation("fetch", 0.5, success=False)
    first, second = map(json.loads, path.read_text().splitlines())
    assert (first["operation"], first["seconds"], first["success"], first["metadata"]) == (
        "fetch", 0.25, True, {"host": "a"},
    )  # fmt: skip
    assert second["success"] is False
    assert path.stat().st_mode & 0o077 == 0


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "operations"
    code = "import perfbench\nfor _ in range(200): perfbench.record_operation('fetch', 0.25)"
    environment = {recording.VARIABLE: str(path), "PYTHONPATH": str(Path(__file__).parents[1])}
    processes = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert [json.loads(line)["seconds"] for line in path.read_text().splitlines()] == [0.25] * 600


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be called"):
        record_operation(name, 1.0)


@pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf])
def test_seconds_that_cannot_be_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot have taken"):
        record_operation("fetch", seconds)


def test_a_sample_has_so_many_names_and_no_more() -> None:
    recording.drain()
    for number in range(recording.MOST_NAMES):
        record_operation(f"operation {number}", 1.0)
    with pytest.raises(ValueError, match="one more"):
        record_operation("another", 1.0)
