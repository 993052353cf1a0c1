"""The suite that comes with perfbench runs in environments in which perfbench is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perfbench.errors import MissingComponentError
from perfbench.measure import built_in
from perfbench.measure.client import Worker, WorkerFailedError
from perfbench.measure.discovery import Discovery, discover

BENCH = """
import os, sys
from pathlib import Path

def track_perfbench():
    from perfbench import sut
    return len(sut.TARGETS)

def track_client():
    import requests
    return getattr(requests, "OWN", 0)

track_client.unit = "own"

def track_foreign():
    import msgspec, rich  # parts of the tool, not of its drivers
    return 1

def track_order():
    return "PERFBENCH_LENT" in os.environ
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """An interpreter without a single installed package, as a fresh environment has none."""
    shim = tmp_path / "bin" / "python"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    shim.chmod(0o755)
    return shim


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "bench.py").write_text(BENCH)
    return folder


def sample(python: Path, suite: Path, name: str, **environment: str) -> float:
    lent = {**built_in.lending(), **environment}
    with Worker(python, suite, f"bench.{name}", environment=lent) as worker:
        worker.ask({"do": "open", "name": f"bench.{name}", "index": 0, "cache": None}, 60)
        return float(worker.ask({"do": "sample", "loops": 1, "repeats": 1}, 60)["value"])


def test_perfbench_and_the_libraries_of_its_drivers_are_lent(python: Path, suite: Path) -> None:
    pytest.importorskip("requests")
    assert sample(python, suite, "track_perfbench") == 10
    assert sample(python, suite, "track_client") == 0


def test_a_side_that_has_a_library_uses_its_own(python: Path, suite: Path, tmp_path: Path) -> None:
    own = tmp_path / "site"
    own.mkdir()
    (own / "requests.py").write_text("OWN = 1\n")
    python.write_text(
        f"#!/bin/sh\nexec {sys.executable} -S -c \"import sys, runpy; sys.path.append('{own}'); "
        'sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name=\'__main__\')" "$@"\n'
    )
    assert sample(python, suite, "track_client") == 1


def test_nothing_else_of_the_tools_environment_is_lent(python: Path, suite: Path) -> None:
    with pytest.raises(WorkerFailedError, match="No module named 'msgspec'"):
        sample(python, suite, "track_foreign")


def test_the_order_to_lend_is_not_handed_on(python: Path, suite: Path) -> None:
    assert sample(python, suite, "track_order") == 0


def test_libraries_of_another_python_are_not_lent(
    python: Path, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = built_in.lending()[built_in.LENT_VARIABLE].replace(f"[3, {sys.version_info.minor}]", "[3, 2]")
    with pytest.raises(WorkerFailedError, match="No module named 'requests'"):
        sample(python, suite, "track_client", **{built_in.LENT_VARIABLE: order})


def test_every_module_of_the_suite_can_be_read_in_an_empty_environment(python: Path) -> None:
    found: Discovery = discover(python, built_in.suite_folder(), environment=built_in.lending())
    assert found.problems == ()
    assert found.rows


def test_an_installed_wheel_has_the_suite_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "perfbench" / "suite" / "benchmarks"
    inside.mkdir(parents=True)
    (inside / "__init__.py").write_text("")
    monkeypatch.setattr(built_in, "PACKAGE", tmp_path / "perfbench")
    assert built_in.suite_folder() == inside


def test_an_installation_without_the_suite_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(built_in, "PACKAGE", tmp_path / "perfbench")
    with pytest.raises(MissingComponentError, match="without its benchmarks"):
        built_in.suite_folder()
