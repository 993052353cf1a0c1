from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from perfbench.measure import lacking

# As asv's own script: it imports the benchmark, calls it and writes its result.
SCRIPT = """
import importlib, json, os, sys
mode, suite, name, *rest = sys.argv[1:]
sys.path[:0] = [os.path.dirname(suite), os.path.dirname(suite) + "/project"]
value = getattr(importlib.import_module("benchmarks." + name.partition(".")[0]), mode)()
if mode == "run":
    open(rest[2], "w").write(json.dumps(value))
"""


@dataclass(frozen=True)
class Ended:
    code: int
    result: str
    reasons: list[dict[str, Any]]
    said: str


class Suite:
    """A folder of benchmarks beside a project, run by a script called as asv's is."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("benchmarks", "project", "path", "cwd"):
            (root / folder).mkdir()
        (root / "benchmarks" / "__init__.py").write_text("")
        (root / "benchmark.py").write_text(SCRIPT)
        shutil.copy(lacking.__file__, root / "path" / "sitecustomize.py")
        (root / "project" / "thing.py").write_text("def old(): return 1\ndef broken(): return None.gone\n")

    def run(self, body: str, mode: str = "run", head: str = "other", name: str = "bench.time_it-2") -> Ended:
        benchmark = self.root / "benchmarks" / "bench.py"
        shutil.rmtree(benchmark.parent / "__pycache__", ignore_errors=True)
        benchmark.write_text(body)
        result, reasons = self.root / "result", self.root / "reasons"
        result.write_text("")
        reasons.unlink(missing_ok=True)
        rest: Sequence[str] = ("{}", "None", str(result)) if mode == "run" else ("{}",)
        done = subprocess.run(
            [sys.executable, str(self.root / "benchmark.py"), mode, str(benchmark.parent), name, *rest],
            cwd=self.root / "cwd",
            env={
                **os.environ,
                "PYTHONPATH": str(self.root / "path"),
                "ASV_COMMIT": "old",
                "ASV_ENV_NAME": "py3",
                lacking.FILE_VARIABLE: str(reasons),
                lacking.HEAD_VARIABLE: head,
                lacking.PATH_VARIABLE: "",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        lines = reasons.read_text().splitlines() if reasons.exists() else []
        return Ended(done.returncode, result.read_text(), list(map(json.loads, lines)), done.stderr)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    return Suite(tmp_path_factory.mktemp("suite"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import thing.part", "ModuleNotFoundError: No module named 'thing.part'; 'thing' is not a package"),
        ("from thing import new", "ImportError: cannot import name 'new' from 'thing'"),
        ("import thing\nthing.new()", "AttributeError: module 'thing' has no attribute 'new'"),
        ("import thing\ndef run(): thing.new()", "AttributeError: module 'thing' has no attribute 'new'"),
        (
            "import thing\ndef run(): thing.old(5)",
            "TypeError: old() takes 0 positional arguments but 1 was given",
        ),
    ],
)
def test_what_a_commit_lacks_is_a_skipped_row_with_its_reason(suite: Suite, body: str, reason: str) -> None:
    ended = suite.run(body)
    assert ended.code == 0
    assert math.isnan(json.loads(ended.result))
    assert ended.reasons == [
        {
            "commit": "old",
            "environment": "py3",
            "benchmark": "bench.time_it",
            "param": 2,
            "lacking": True,
            "reason": reason,
        }
    ]
    assert "Traceback" in ended.said


@pytest.mark.parametrize(
    "body",
    [
        "import thing\ndef run(): thing.broken()",
        "def run(): raise RuntimeError('wrong')",
        "def run(): raise TypeError('a number is needed')",
    ],
)
def test_what_the_measured_code_raises_is_a_failure(suite: Suite, body: str) -> None:
    ended = suite.run(body)
    assert ended.code == 1
    assert ended.result == ""
    assert ended.reasons == []


def test_nothing_is_lacking_at_the_commit_that_the_benchmarks_come_from(suite: Suite) -> None:
    ended = suite.run("from thing import new", head="old")
    assert ended.code == 1
    assert ended.reasons == []


def test_a_row_that_ran_is_left_as_it_is(suite: Suite) -> None:
    ended = suite.run("import thing\nrun = thing.old")
    assert (ended.code, ended.result, ended.reasons) == (0, "1", [])


def test_a_row_whose_setup_skipped_it_is_told_from_one_that_nobody_asked_for(suite: Suite) -> None:
    ended = suite.run("def run(): return float('nan')", name="bench.time_it")
    assert ended.code == 0
    assert [(entry["param"], entry["lacking"]) for entry in ended.reasons] == [(None, False)]


def test_what_setup_cache_lacks_skips_the_rows_that_share_it(suite: Suite) -> None:
    body = "import thing\ndef setup_cache(): thing.new()\ndef run(): open('cache.pickle')"
    assert suite.run(body, mode="setup_cache").code == 0
    ended = suite.run(body)
    (suite.root / "cwd" / lacking.NOTE).unlink()
    assert ended.code == 0
    assert ended.reasons[0]["reason"] == "AttributeError: module 'thing' has no attribute 'new'"
    assert suite.run(body).code == 1


def test_what_a_benchmark_starts_knows_nothing_of_it(suite: Suite) -> None:
    ended = suite.run("import os\ndef run(): return 'PYTHONPATH' in os.environ")
    assert ended.result == "false"


def test_a_fork_of_a_benchmark_decides_nothing(suite: Suite) -> None:
    body = """
import os, thing
def run():
    child = os.fork()
    if not child:
        thing.new()
    return os.waitpid(child, 0)[1] >> 8
"""
    ended = suite.run(body)
    assert (ended.code, ended.result, ended.reasons) == (0, "1", [])
