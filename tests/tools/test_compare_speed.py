"""The files with which comparing is timed are what the tools would have written."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from perfbench.results import asv_tree
from perfbench.results.reading import read_any

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    module = importlib.import_module("compare_speed")
    monkeypatch.setattr(module, "BENCHMARKS", 3)
    monkeypatch.setattr(module, "PROCESSES", 4)
    monkeypatch.setattr(module, "FILES", 5)
    return module


def test_both_suites_are_read_whole_by_us_and_by_pyperf(tool: ModuleType, tmp_path: Path) -> None:
    library = pytest.importorskip("pyperf")
    for day in (1, 2):
        path = tmp_path / f"{day}.json"
        tool.write_suite(path, day)
        result = read_any(path)
        assert result.problems == ()
        assert [len(row.runs) for row in result.side()] == [4, 4, 4]
        assert len(library.BenchmarkSuite.load(str(path))) == 3


def test_the_suites_differ_by_noise_alone(tool: ModuleType, tmp_path: Path) -> None:
    tool.write_suite(tmp_path / "base", 1)
    tool.write_suite(tmp_path / "head", 2)
    for base, head in zip(
        read_any(tmp_path / "base").side(), read_any(tmp_path / "head").side(), strict=True
    ):
        ratio = head.runs[0].values[0] / base.runs[0].values[0]
        assert ratio != 1
        assert ratio == pytest.approx(1, abs=0.25)


def test_the_tree_is_read_whole_by_us_and_by_asv(tool: ModuleType, tmp_path: Path) -> None:
    results = pytest.importorskip("asv.results")
    tool.write_tree(tmp_path / "results", tool.SEED)
    tree = asv_tree.survey(tmp_path / "results")
    assert (len(tree.runs), tree.problems) == (5, ())
    ours = {run.commit: len(result.side()) for run, result in tree.results()}
    theirs = {
        found.commit_hash: len(found.get_all_result_keys()) for found in results.iter_results(str(tmp_path))
    }
    assert ours == theirs


def test_a_command_that_cannot_run_ends_the_measuring(tool: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ended with 3"):
        tool._start([sys.executable, "-c", "raise SystemExit(3)"], {}, str(tmp_path))
