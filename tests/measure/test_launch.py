"""Workers of both sides share the benchmark folder, and each side has its own `setup_cache`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perfbench.measure.client import WorkerFailedError
from perfbench.measure.discovery import Row, discover
from perfbench.measure.launch import SideLaunch
from perfbench.measure.side import Side

CACHED = """
import os

class Cached:
    def setup_cache(self):
        with open("side.txt", "a") as file:
            file.write(os.environ["WHICH"])
        if os.environ["WHICH"] == "broken":
            raise RuntimeError("no cache today")
        return os.environ["WHICH"]

    def track_length(self, cache):
        assert cache == os.environ["WHICH"]
        return len(open("side.txt").read())
"""


def side(label: str, which: str) -> Side:
    return Side(label, label, "", False, Path(), Path(sys.executable), {"WHICH": which}, {})


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    root = tmp_path / "benchmarks"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "cached.py").write_text(CACHED)
    return root


@pytest.fixture
def row(suite: Path) -> Row:
    (found,) = discover(Path(sys.executable), suite, environment={"WHICH": ""}).rows
    return found


def test_each_side_makes_its_setup_cache_once(suite: Path, row: Row) -> None:
    with SideLaunch([side("base", "old"), side("head", "newer")], suite) as launch:
        for label, length in (("base", 3), ("head", 5), ("base", 3)):
            cache = launch.cache(row, label)
            with launch.worker(row, label, 0) as worker:
                worker.ask({"do": "open", "name": row.benchmark.name, "index": 0, "cache": cache}, 60)
                assert worker.ask({"do": "sample", "loops": 1, "repeats": 1}, 60)["value"] == length


def test_a_setup_cache_that_fails_fails_the_same_way_each_time(suite: Path, row: Row) -> None:
    with SideLaunch([side("head", "broken")], suite) as launch:
        for _ in range(2):
            with pytest.raises(WorkerFailedError, match="no cache today"):
                launch.cache(row, "head")


def test_nothing_is_left_when_the_launch_ends(suite: Path, row: Row) -> None:
    with SideLaunch([side("head", "x")], suite) as launch:
        folder = Path(launch.cache(row, "head") or "").parents[1]
        assert folder.is_dir()
    assert not folder.exists()
