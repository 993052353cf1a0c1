"""The first settings file says what holds, and every line of it can be taken as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perfbench.config import ProjectConfig, load_project
from perfbench.project.settings_template import FORMS, TABLES, render
from perfbench.units import SECONDS, parse_quantity

SETTING = re.compile(r"(?m)^#(?= *[\w-]+:( |$)| *- |\[|\w+ =)")
"""The sign before a setting; prose has it too, and a space behind it."""


@pytest.fixture(autouse=True)
def _stand_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERF_CONFIG_FILE", raising=False)


def read(folder: Path, form: str, text: str) -> ProjectConfig:
    if form == "yaml":
        pytest.importorskip("yaml")
    (folder / f"perfbench.{form}").write_text(text)
    return load_project(folder)


@pytest.mark.parametrize("form", FORMS)
def test_it_changes_nothing_until_something_is_set(tmp_path: Path, form: str) -> None:
    assert read(tmp_path, form, render(form)) == ProjectConfig(source=Path(f"perfbench.{form}"))


@pytest.mark.parametrize("form", ["toml", "yaml"])
def test_every_line_may_be_uncommented(tmp_path: Path, form: str) -> None:
    found = read(tmp_path, form, re.sub(SETTING, "", render(form)))
    assert (found.rounds, found.time_budget, found.iterations) == (10, 300.0, 24)
    assert found.areas == {"container": True, "memory": False}
    assert [system.name for system in found.systems] == ["container", "api"]
    assert [harness.name for harness in found.harnesses] == ["api"]
    assert [str(check) for check in found.checks] == ["perf_rules:tail_of_parse"]
    assert found.history.webhook == "PERFBENCH_WEBHOOK"
    assert [(rule.pattern, rule.size) for rule in found.history.alerts] == [("container.*", 0.1)]


def test_what_it_calls_a_default_is_the_default() -> None:
    defaults = ProjectConfig()
    for table in TABLES:
        for setting in table.settings:
            if setting.is_default:
                value = setting.value
                meant = parse_quantity(value, SECONDS) if setting.name == "time_budget" else value
                holder = defaults.history if table.path == ("history",) else defaults
                assert getattr(holder, setting.name) == meant


def test_no_line_is_too_long_to_read() -> None:
    assert all(len(line) <= 110 for form in FORMS for line in render(form).splitlines())
