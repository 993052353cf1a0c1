"""The glossary fixes every noun in one sentence, and all tables of exit codes agree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from perfbench import model, model_history, model_profile
from perfbench.errors import ExitCode
from perfbench.model import Outcome

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", GLOSSARY, re.MULTILINE)
WORDS = [word for word, _ in ENTRIES]

# In words of their own there; what a class is called in code is not always what a reader calls it.
CALLED = {"BenchmarkId": "full id", "RuntimeStatus": "runtime", "SideSummary": "side", "Better": "metric",
          "System": "system under test", "Served": "served system", "SeriesKey": "series",
          "PlacedChange": "placed change", "AlertRule": "alert rule", "SeriesReport": "series report",
          "HistoryReport": "history report", "AlertGroup": "alert group", "NamedCommit": "named commit",
          "SeriesEnd": "series end", "BisectStep": "bisect step", "BisectOutcome": "bisect outcome",
          "FunctionShare": "function share", "FlameGraph": "flame graph", "MovedFrame": "moved frame",
          "DifferentialGraph": "differential flame graph", "Overhead": "profiler's overhead",
          "ProfileManifest": "profile's manifest", "ExplainingFrame": "explaining frame"}  # fmt: skip


MODELS = (model, model_history, model_profile)


def _classes() -> list[str]:
    sources = (Path(str(module.__file__)).read_text(encoding="utf-8") for module in MODELS)
    return [
        node.name for source in sources for node in ast.parse(source).body if isinstance(node, ast.ClassDef)
    ]


@pytest.mark.parametrize("name", [name for name in _classes() if name != "Outcome"])
def test_every_noun_of_the_model_is_there(name: str) -> None:
    assert CALLED.get(name, name.lower()) in WORDS


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_there(outcome: Outcome) -> None:
    assert outcome.value in WORDS


def test_every_word_is_fixed_once_in_one_sentence() -> None:
    assert len(WORDS) == len(set(WORDS)) > 40
    for word, meaning in ENTRIES:
        assert re.fullmatch(r"[A-Z`][^.]*(\.(?! [A-Z])[^.]*)*\.", meaning), word


@pytest.mark.parametrize("page", ["README.md", "docs/manual.md", "docs/glossary.md"])
def test_every_page_has_the_same_exit_codes(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8").partition("## Exit codes")[2]
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)]
    assert codes == [int(code) for code in ExitCode]
