"""How hard a job tries: the command line counts before the settings, and these before CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.commands.effort import effort
from perfbench.commands.job import Effort
from perfbench.commands.request import Request
from perfbench.config import ProjectConfig, load_project

DEFAULTS = ProjectConfig()


@pytest.fixture(autouse=True)
def _stand_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERF_CONFIG_FILE", raising=False)


def settings(folder: Path, text: str) -> ProjectConfig:
    (folder / "perfbench.toml").write_text(text)
    return load_project(folder)


def tried(config: ProjectConfig, *, alone: bool = True, ci: str | None = None, **options: object) -> Effort:
    return effort(config, Request(**options), alone=alone, ci=ci)[0]  # type: ignore[arg-type]


def note(config: ProjectConfig, *, alone: bool = True, ci: str | None = "CI", **options: object) -> str:
    return effort(config, Request(**options), alone=alone, ci=ci)[1]  # type: ignore[arg-type]


def test_the_defaults_hold_where_nothing_is_said() -> None:
    assert tried(DEFAULTS) == tried(DEFAULTS, alone=False) == Effort(10, 300.0)
    assert note(DEFAULTS, ci=None) == ""


def test_quick_means_fewer_rounds_and_less_time() -> None:
    assert tried(DEFAULTS, quick=True) == Effort(6, 120.0)


def test_the_command_line_counts_before_all_else(tmp_path: Path) -> None:
    config = settings(tmp_path, "[benchmarks]\nrounds = 4\n[measure]\ntime_budget = '1 min'\n")
    assert tried(config, rounds=3, time_budget=5.0, quick=True, ci="CI") == Effort(3, 5.0, strict=True)
    assert tried(config, quick=True) == Effort(6, 24.0)


def test_rounds_of_benchmarks_are_those_of_run_alone(tmp_path: Path) -> None:
    config = settings(tmp_path, "[benchmarks]\nrounds = 4\niterations = 8\n")
    assert tried(config) == Effort(4, 300.0, samples=8)
    assert tried(config, alone=False) == Effort(10, 300.0, samples=8)


def test_in_ci_a_run_takes_fewer_rounds_and_every_job_less_time() -> None:
    assert tried(DEFAULTS, ci="CI") == Effort(6, 120.0)
    assert tried(DEFAULTS, ci="CI", alone=False) == Effort(10, 120.0)
    assert note(DEFAULTS, ci="GITLAB_CI") == (
        "GITLAB_CI says that this is CI: 6 rounds instead of 10 and a time budget of 2 min instead of 5 min "
        "(CI=false ends that)"
    )
    assert note(DEFAULTS, alone=False).startswith("CI says that this is CI: a time budget of 2 min")


def test_in_ci_what_is_set_holds_and_nothing_is_told(tmp_path: Path) -> None:
    config = settings(tmp_path, "[benchmarks]\nrounds = 12\n[measure]\ntime_budget = '5 min'\n")
    assert tried(config, ci="CI") == Effort(12, 300.0)
    assert note(config) == ""


def test_in_ci_no_job_takes_more_rounds_than_elsewhere(tmp_path: Path) -> None:
    config = settings(tmp_path, "[measure]\nrounds = 3\ntime_budget = 60\n")
    assert tried(config, ci="CI") == Effort(3, 60.0)
