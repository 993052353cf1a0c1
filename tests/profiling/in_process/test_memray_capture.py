"""The recorder of allocations, and what its files hold."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from perfbench.errors import UsageError
from perfbench.profiling.call_tree import functions
from perfbench.profiling.readers import read_profile
from perfbench.profiling.recorder import Recorded
from perfbench.profiling.tools import Wanted, recorder

pytest.importorskip("memray")

PROGRAM = """
import importlib.util, json, sys

def churn(calls):
    for _ in range(calls):
        bytes(30_000)

def hold():
    return bytes(500_000)

spec = importlib.util.spec_from_file_location("recorder", sys.argv[1])
recorder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recorder)
recorder.start(json.loads(sys.argv[2]))
kept = hold()
churn(int(sys.argv[3]))
recorder.stop()
"""


class Program:
    """A process that records itself while it calls `churn` so often."""

    pid = 0

    def __init__(self, calls: int) -> None:
        self._calls = calls

    def ask(self, request: Mapping[str, object], timeout: float) -> Mapping[str, Any]:
        """Run all of it as it is asked to begin."""
        if request["do"] == "record":
            options = json.dumps(request["options"])
            command = [sys.executable, "-c", PROGRAM, str(request["module"]), options, str(self._calls)]
            subprocess.run(command, check=True, timeout=timeout)
        return {}


def recorded(folder: Path, mode: str, calls: int) -> tuple[Recorded, Path]:
    folder.mkdir()
    memray = recorder(Wanted("memray", mode))
    memray.start(Program(calls), folder)
    found = memray.stop()
    return found, found.raw["raw"]


@pytest.mark.parametrize("mode", ["peak", "leaks"])
def test_what_is_held_is_recorded_in_a_file_that_does_not_grow_with_time(tmp_path: Path, mode: str) -> None:
    found, few = recorded(tmp_path / "few", mode, 10)
    _, many = recorded(tmp_path / "many", mode, 50_000)
    shares = {share.frame.function: share.inclusive for share in functions(found.tree)}
    assert 500_000 <= shares["hold"] < 510_000
    assert many.stat().st_size < 1.5 * few.stat().st_size
    with pytest.raises(UsageError, match="cannot tell total; choose peak or leaks, or record"):
        read_profile(many, what="total")


@pytest.mark.parametrize("mode", ["temporary", "total"])
def test_what_was_allocated_in_all_takes_every_allocation(tmp_path: Path, mode: str) -> None:
    found, _ = recorded(tmp_path / "raw", mode, 100)
    shares = {share.frame.function: share.inclusive for share in functions(found.tree)}
    assert shares["churn"] >= 100 * 30_000
