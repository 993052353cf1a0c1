"""What these tests share: recorders, loaded by their path as a profiled process does, and Pythons to load them."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from perfbench.profiling.concurrency_report import Concurrency, TaskGroup, ThreadTimes, Wait, read_concurrency

FOLDER = Path(__file__).parents[3] / "perfbench" / "profiling" / "in_process"


def loaded(name: str) -> ModuleType:
    """A recorder as a module of its own."""
    spec = importlib.util.spec_from_file_location("perfbench_recorder", FOLDER / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Recording:
    """One recording around a block, and what was found afterwards."""

    def __init__(self, folder: Path) -> None:
        self.recorder = loaded("concurrency.py")
        self.options: dict[str, Any] = {
            "out": str(folder / "blocked.txt"),
            "details": str(folder / "details.json"),
        }
        self.said: dict[str, Any] = {}

    def __enter__(self) -> Recording:
        self.recorder.start(self.options)
        return self

    def __exit__(self, *error: object) -> None:
        self.said = self.recorder.stop()

    @property
    def found(self) -> Concurrency:
        return read_concurrency(Path(self.options["details"]))

    @property
    def stacks(self) -> dict[str, int]:
        """Stack → microseconds."""
        lines = Path(self.options["out"]).read_text().splitlines()
        return {line.rpartition(" ")[0]: int(line.rpartition(" ")[2]) for line in lines}

    def wait(self, kind: str, place: str) -> Wait:
        (found,) = [one for one in self.found.locks if one.kind == kind and place in one.waited]
        return found

    def thread(self, name: str) -> ThreadTimes:
        (found,) = [one for one in self.found.threads if one.name == name]
        return found

    def tasks(self, name: str) -> list[TaskGroup]:
        return [one for one in self.found.tasks if one.name.endswith(name)]


def patched() -> list[object]:
    """All that the recorder replaces."""
    return [
        threading.Lock, threading.RLock, queue.SimpleQueue,
        *(vars(threading.Thread)[name] for name in ("join", "_bootstrap_inner", "_delete")),
        vars(threading.Condition)["wait"],
        vars(asyncio.Handle)["_run"],
        vars(asyncio.BaseEventLoop)["create_task"],
    ]  # fmt: skip


@pytest.fixture
def left_as_found() -> Iterator[None]:
    """A test after which everything must be as it was before."""
    before, threads = patched(), threading.active_count()
    yield
    assert all(one is other for one, other in zip(before, patched(), strict=True))
    assert threading.active_count() == threads


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_as_found: None) -> Recording:
    """A recording that is not started."""
    monkeypatch.setitem(sys.modules, "gilknocker", None)  # it takes 0.1 s to stop
    return Recording(tmp_path)


def in_thread(work: Callable[[], object], name: str) -> threading.Thread:
    """The work, begun in a thread of that name."""
    thread = threading.Thread(target=work, name=name)
    thread.start()
    return thread


@cache
def pythons() -> list[str]:
    """This Python, the oldest that recorders are for and the newest, as far as they are there."""
    found = []
    for minors in (range(8, 11), range(14, 11, -1)):
        programs = filter(None, (shutil.which(f"python3.{minor}") for minor in minors))
        found += [*itertools.islice(filter(_runs, programs), 1)]
    return [sys.executable, *found]


def _runs(program: str) -> bool:
    return subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.fixture(params=[0, 1, 2], ids=["this Python", "another one", "a third one"])
def python(request: pytest.FixtureRequest) -> str:
    """A Python whose process can load recorders, without perfbench."""
    number: int = request.param
    if number >= len(pythons()):
        pytest.skip("there is no such other Python")
    return pythons()[number]
