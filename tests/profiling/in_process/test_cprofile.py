"""The recorder of calls, on every Python that it is for, and what is read of it."""

from __future__ import annotations

import ast
import cProfile
import json
import pstats
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from perfbench.profiling.call_tree import functions
from perfbench.profiling.readers import read_profile
from tests.profiling.in_process.conftest import FOLDER, loaded

PROGRAM = """
import importlib.util, sys, time

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def busy(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass

def one():
    busy(0.01)

def other():
    busy(0.03)

def main():
    one()
    other()
    fib(12)

spec = importlib.util.spec_from_file_location("recorder", sys.argv[1])
recorder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recorder)
recorder.start({"out": sys.argv[2], "pstats": sys.argv[3]})
main()
print(recorder.stop()["samples"])
"""


@pytest.fixture
def recorder() -> ModuleType:
    return loaded("cprofile.py")


def test_calls_are_recorded_and_read(tmp_path: Path, python: str) -> None:
    program, out, stats = (tmp_path / name for name in ("program.py", "calls.json", "calls.pstats"))
    program.write_text(PROGRAM, encoding="utf-8")
    command = [python, str(program), str(FOLDER / "cprofile.py"), str(out), str(stats)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    found = read_profile(out)
    shares = {share.frame.function: share for share in functions(found.tree)}
    assert found.problems == ()
    assert found.samples == int(said.stdout) > 465
    assert found.tree.total()[0] == pytest.approx(shares["main"].inclusive, rel=0.01)
    assert shares["other"].inclusive / shares["one"].inclusive == pytest.approx(3.0, rel=0.3)
    assert shares["fib"].frame.file == str(program)
    assert not {"stop", "start", "calls_document"} & shares.keys()
    if python == sys.executable:
        assert pstats.Stats(str(stats)).total_calls >= found.samples  # type: ignore[attr-defined]


def test_own_seconds_are_those_of_cprofile(tmp_path: Path, recorder: ModuleType) -> None:
    with cProfile.Profile() as profile:
        json.dumps([{"a": [1, {"b": 2}]}] * 200, indent=1)
    profile.create_stats()
    stats: dict[Any, Any] = profile.stats
    out = tmp_path / "calls.json"
    out.write_text(json.dumps(recorder.calls_document(stats)), encoding="utf-8")
    tree = read_profile(out).tree
    whole = float(tree.total()[0])
    own: dict[str, float] = {}
    for (_, _, name), (_, _, seconds, _, _) in stats.items():
        own[name] = own.get(name, 0.0) + (seconds if "Profiler" not in name else 0.0)
    assert whole == pytest.approx(sum(own.values()))
    for share in functions(tree):
        assert share.own == pytest.approx(own[share.frame.function], abs=0.02 * whole)


def test_functions_in_c_have_no_file(recorder: ModuleType) -> None:
    stats = {
        ("~", 0, "<built-in method builtins.len>"): (2, 2, 0.5, 0.5, {("a.py", 3, "f"): (2, 2, 0.5, 0.5)}),
        ("a.py", 3, "f"): (1, 1, 1.0, 1.5, {}),
        ("~", 0, "<method 'disable' of '_lsprof.Profiler' objects>"): (1, 1, 0.0, 0.0, {}),
    }
    assert recorder.calls_document(stats) == {
        "perfbench_calls": 1,
        "functions": [["<built-in method builtins.len>", "", 0, 2, 0.5, 0.5], ["f", "a.py", 3, 1, 1.0, 1.5]],
        "calls": [[1, 0, 2, 0.5, 0.5]],
    }


def test_one_recording_at_a_time(tmp_path: Path, recorder: ModuleType) -> None:
    options = {"out": str(tmp_path / "calls.json")}
    with pytest.raises(RuntimeError, match="not being recorded"):
        recorder.stop()
    recorder.start(options)
    try:
        with pytest.raises(RuntimeError, match="already"):
            recorder.start(options)
    finally:
        assert recorder.stop()["samples"] > 0
    recorder.start(options)
    recorder.stop()


def test_the_recorder_needs_no_newer_python_than_it_says() -> None:
    tree = ast.parse((FOLDER / "cprofile.py").read_text(encoding="utf-8"), feature_version=(3, 8))
    assert {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} >= {"start", "stop"}
