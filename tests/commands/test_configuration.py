"""`perfbench config` writes a first settings file, checks what is there, and says where each value comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perfbench.cli import main
from perfbench.continuous_integration import SERVICES
from tests.commands.command_line import repository


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which the test stands, with nothing set."""
    folder = repository(tmp_path / "project")
    monkeypatch.chdir(folder)
    for name in ("PERF_CONFIG_FILE", "PERF_OUTPUT_DIR", "PERFBENCH_MACHINE", *SERVICES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CI", "false")
    return folder


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[Any, str]]:
    """Key → value and origin, as `config show --json` says."""
    assert main(["config", "show", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["config_version"] == 1
    return {one["key"]: (one["value"], one["origin"]) for one in content["settings"]}


@pytest.mark.parametrize("form", ["toml", "yaml", "json"])
def test_what_init_writes_is_valid_and_changes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    if form == "yaml":
        pytest.importorskip("yaml")
    before = shown(capsys)
    assert main(["config", "init", "--format", form]) == 0
    assert capsys.readouterr().out.startswith(f"wrote perfbench.{form};")
    assert main(["config", "validate"]) == 0
    assert capsys.readouterr().out == f"perfbench.{form}: valid\n"
    values = {key: value for key, (value, _) in shown(capsys).items() if key != "settings_file"}
    assert values == {key: value for key, (value, _) in before.items() if key != "settings_file"}


def test_init_works_from_below_and_replaces_only_when_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "perfbench.toml").write_text("[measure]\nrounds = 3\n")
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")
    assert main(["config", "init"]) == 2
    assert "perfbench.toml exists already; --force replaces it" in capsys.readouterr().err
    assert main(["config", "init", "--force"]) == 0
    assert "#rounds = 10" in (project / "perfbench.toml").read_text()


@pytest.mark.parametrize(
    ("name", "text"),
    [("perfbench.json", "{}"), ("pyproject.toml", "[tool.perfbench.measure]\nrounds = 3\n")],
)
def test_init_adds_no_second_file_beside_settings_that_are_there(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    (project / name).write_text(text)
    assert main(["config", "init", "--force"]) == 2
    assert capsys.readouterr().err.startswith(f"perfbench: {name}: there are settings already")
    assert not (project / "perfbench.toml").exists()


def test_validate_names_every_problem_of_every_file(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "baselines").mkdir()
    (project / "perfbench.toml").write_text("[measure]\nrouns = 3\n")
    (project / "baselines/thresholds.toml").write_text("[[threshold]]\nlimit = '5 %'\n")
    (project / "baselines/accepted.toml").write_text("[[accepted]]\npattern = 'a'\n")
    (project / "asv.conf.json").write_text('{"version": 1,\n"nothing": 2}')
    assert main(["config", "validate"]) == 2
    problems = capsys.readouterr().out.splitlines()
    assert [problem.partition(": ")[0] for problem in problems] == [
        "perfbench.toml:2",
        "baselines/thresholds.toml:1",
        "baselines/accepted.toml:1",
        f"{project}/asv.conf.json:2",
    ]
    assert problems[0].endswith("did you mean 'rounds'?")


def test_validate_says_what_was_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "stored").mkdir()
    (project / "benchmarks").mkdir()
    (project / "benchmarks/files.py").write_text("")
    (project / "perfbench.toml").write_text(
        "[measure]\nbaselines = 'stored'\n[benchmarks.areas]\nfiles = false\n"
    )
    (project / "stored/thresholds.toml").write_text("[[threshold]]\npattern = '*'\nlimit = '5 %'\n")
    (project / "asv.conf.json").write_text('{"version": 1, "project": "demo", "repo": "."}')
    assert main(["config", "validate"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "perfbench.toml: valid",
        "stored/thresholds.toml: 1 thresholds, 0 budgets",
        "asv.conf.json: benchmarks of demo in benchmarks",
    ]


def test_validate_finds_an_area_that_is_no_module_and_a_rule_that_is_not_there(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "benchmarks").mkdir()
    (project / "benchmarks/files.py").write_text("")
    (project / "asv.conf.json").write_text('{"version": 1, "project": "demo", "repo": "."}')
    (project / "perfbench.toml").write_text(
        "[benchmarks.areas]\nflies = false\n[[check]]\nfunction = 'rules:none'\n"
    )
    assert main(["config", "validate"]) == 2
    problems = [line for line in capsys.readouterr().out.splitlines() if line.startswith("perfbench.toml:")]
    assert problems[0] == "perfbench.toml: valid"
    assert "check rules:none" in problems[1]
    assert problems[2] == "perfbench.toml:2: there is no area 'flies'; did you mean files?"


def test_show_says_where_each_value_comes_from(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "perfbench.toml").write_text(
        """\
[measure]
rounds = 12
time_budget = "4 min"
[benchmarks.areas]
llm = false
[[harness]]
name = "api"
command = ["run", "{out}"]
[sut.api]
url = "http://127.0.0.1:8000"
headers = { Authorization = "Bearer ${TOKEN}" }
[sut.api.endpoints.health]
path = "/health"
"""
    )
    monkeypatch.setenv("TOKEN", "hush")
    monkeypatch.setenv("PERF_OUTPUT_DIR", "out")
    monkeypatch.setenv("PERFBENCH_MACHINE", "bench-1")
    found = shown(capsys)
    expected = {
        "settings_file": ("perfbench.toml", "default"),
        "runs": ("out/runs", "PERF_OUTPUT_DIR"),
        "machine": ("bench-1", "PERFBENCH_MACHINE"),
        "measure.rounds": (12, "perfbench.toml:2"),
        "measure.quick_rounds": (6, "default"),
        "measure.time_budget": ("4 min", "perfbench.toml:3"),
        "measure.main_branch": (None, "default"),
        "gate.rows": ([], "default"),
        "benchmarks.rounds": (12, "measure.rounds"),
        "benchmarks.areas.llm": (False, "perfbench.toml:5"),
        "harness[0].name": ("api", "perfbench.toml:7"),
        "harness[0].command": (["run", "{out}"], "perfbench.toml:8"),
        "sut.api.headers.Authorization": ("Bearer ${TOKEN}", "perfbench.toml:11"),
        "sut.api.endpoints.health.path": ("/health", "perfbench.toml:13"),
    }
    assert {key: found.get(key) for key in expected} == expected


def test_show_tells_of_ci_and_of_another_settings_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "ci.json").write_text('{"measure":\n {"baselines": "stored"}}')
    monkeypatch.setenv("PERF_CONFIG_FILE", "ci.json")
    monkeypatch.setenv("CI", "true")
    found = shown(capsys)
    assert found["settings_file"] == ("ci.json", "PERF_CONFIG_FILE")
    assert found["measure.baselines"] == ("stored", "ci.json:2")
    assert found["measure.time_budget"] == ("2 min", "CI")
    assert found["benchmarks.rounds"] == (6, "CI")


def test_the_text_of_show_resolves_and_hides_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "perfbench.json").write_text(
        '{"harness": [{"name": "api", "command": "run {out}", "environment": {"KEY": "${SECRET}\\u001b[31m"}}]}'
    )
    monkeypatch.setenv("SECRET", "hush")
    assert main(["config", "show"]) == 0
    said = capsys.readouterr().out
    assert "${SECRET}" in said
    assert "hush" not in said
    assert "\x1b" not in said


def test_show_of_settings_that_are_wrong_is_one_sentence(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "perfbench.toml").write_text("[measure]\nrouns = 3\n")
    assert main(["config", "show"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("name", ["init", "validate", "show"])
def test_outside_of_a_repository_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["config", name]) == 2
    assert "no git repository" in capsys.readouterr().err
