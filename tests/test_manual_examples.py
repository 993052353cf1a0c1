"""The manual's examples of harnesses and of a user's own rule do what it says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perfbench.commands.checks import ask, check_functions, judged_rows
from perfbench.config import ProjectConfig, load_project
from perfbench.judged import JudgedRow, Results
from perfbench.model import BenchmarkId, Outcome, SideSummary, Verdict
from tests.analysis.samples import ENVIRONMENT, TIME, measurement

MANUAL = (Path(__file__).parents[1] / "docs" / "manual.md").read_text(encoding="utf-8")


def example(chapter: str, language: str) -> str:
    """The only code block in that language of a chapter."""
    text = MANUAL.partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(block)


def configured(folder: Path, chapter: str) -> ProjectConfig:
    (folder / "perfbench.toml").write_text(example(chapter, "toml"))
    return load_project(folder)


def test_the_harnesses_are_read_as_the_manual_means_them(tmp_path: Path) -> None:
    api, cli, parser, go = configured(tmp_path, "Any harness").harnesses
    assert api.setup == (("python", "-m", "pip", "install", "pytest-benchmark"),)
    assert cli.command[-1] == "mytool --version"
    assert (parser.result, parser.timeout) == ("target/criterion", 1200.0)
    assert (go.captured, go.rounds) == (True, 12)


def test_every_key_of_a_harness_is_in_its_table() -> None:
    chapter = MANUAL.partition("\n## Any harness\n")[2].partition("\n## ")[0]
    keys = {"name", "command", "result", "setup", "record", "cwd", "environment", "timeout", "rounds"}
    assert keys <= set(re.findall(r"^\| `(\w+)` \|", chapter, re.MULTILINE))


def test_the_tables_of_a_users_own_system_are_read_together(tmp_path: Path) -> None:
    chapter = MANUAL.partition("\n## Your own system\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```toml\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    (tmp_path / "perfbench.toml").write_text("\n".join(blocks))
    systems = {system.name: system for system in load_project(tmp_path).systems}
    told = set(re.findall(r"\| (\w+) \| `\w+` \|", chapter))
    assert set(systems) == told
    assert systems["api"].targets == ("health", "create")
    assert systems["api"].served is not None


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.010, []), (0.030, ["tail: 95 % of api.parse take up to 30.0 ms, more than 20 ms"])],
)
def test_the_rule_says_what_the_manual_lets_it_say(tmp_path: Path, seconds: float, told: list[str]) -> None:
    checks = configured(tmp_path, "A rule of your own").checks
    (tmp_path / "perf_rules.py").write_text(example("A rule of your own", "python"))
    check_functions(checks, tmp_path)
    row = BenchmarkId("suite", "api.parse")
    verdict = Verdict(row, TIME, Outcome.PASSED, "", "", value=seconds)
    rows = judged_rows([verdict], [], [measurement([[seconds] * 3] * 6, benchmark=row)])
    answers = ask(checks, tmp_path, Results("run", None, SideSummary("head", "abc"), rows, ENVIRONMENT))
    assert [finding.message for finding in answers.findings] == told
    assert answers.fault is None


def test_everything_that_the_manual_tells_of_results_and_rows_is_there() -> None:
    chapter = MANUAL.partition("\n## A rule of your own\n")[2].partition("\n## ")[0]
    told = set(
        re.findall(r"`(\w+)(?:\([^)]*\))?`", "".join(re.findall(r"^\| (`.*?) \|", chapter, re.MULTILINE)))
    )
    assert told >= {"rows", "row", "matching", "ratio", "head_values"}
    for name in told:
        assert hasattr(Results, name) or hasattr(JudgedRow, name), name
