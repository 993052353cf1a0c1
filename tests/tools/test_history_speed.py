"""The script that times histories runs at any size, and leaves nothing."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from perfbench.results import asv_tree

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("history_speed")


def test_a_small_history_is_timed_from_end_to_end(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--commits", "12", "--benchmarks", "4", "--params", "3", "--series", "20", "--points", "10"]
    assert tool.main([*sizes, "--folder", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "12 files of 12 rows, 144 points" in said
    assert said.count("12 files imported: 12 runs, 144 points") == 2
    assert "query of a benchmark: 3 series, 36 points" in said
    assert "the last 200 points of 20 series" in said
    assert list(tmp_path.iterdir()) == []


def test_the_tree_is_one_that_asv_would_have_written(tool: ModuleType, tmp_path: Path) -> None:
    tool.write_tree(tmp_path / "results", tool.Shape(2, 3, 4))
    tree = asv_tree.survey(tmp_path / "results")
    assert (len(tree.runs), tree.problems) == (2, ())
    for _, result in tree.results():
        assert (len(result.side()), result.problems) == (12, ())
