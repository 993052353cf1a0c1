"""An area is the first part of a benchmark's name: named with `--only`, switched off in the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import pytest

from perfbench.commands.areas import area_of, check_areas, is_wanted, known_areas
from perfbench.commands.options import only_areas
from perfbench.config import ProjectConfig, load_project
from perfbench.errors import ConfigError, UsageError
from perfbench.measure.discovery import CONTROL, Row
from perfbench.model import BenchmarkId

KNOWN = frozenset({"container", "session", "llm"})


def row(name: str) -> Row:
    return replace(CONTROL, benchmark=BenchmarkId("demo", name))


def test_an_area_is_the_module_of_a_benchmark() -> None:
    assert area_of(BenchmarkId("demo", "container.Lifecycle.time_start")) == "container"
    assert area_of(BenchmarkId("demo", "files.deep.time_read")) == "files"


def test_modules_without_a_row_here_are_areas_too(tmp_path: Path) -> None:
    for name in ("llm.py", "_helper.py", "README", "deep/__init__.py", "data/x.json", "__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert known_areas([row("session.time_read")], tmp_path) == {"session", "llm", "deep"}


def test_without_a_suite_there_is_no_area() -> None:
    assert known_areas([], None) == frozenset()


def test_what_is_named_is_wanted_even_where_it_is_switched_off() -> None:
    container = BenchmarkId("demo", "container.time_start")
    assert is_wanted(container, (), ())
    assert is_wanted(container, (), {"llm"})
    assert not is_wanted(container, (), {"container"})
    assert is_wanted(container, {"container"}, {"container"})
    assert not is_wanted(container, {"session"}, ())


def test_an_unknown_area_of_the_command_line_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--only 'sesion' names no area; did you mean session\?"):
        check_areas(ProjectConfig(), ["container", "sesion"], KNOWN)
    with pytest.raises(UsageError, match="there are: container, llm, session"):
        check_areas(ProjectConfig(), ["xyz"], KNOWN)


def test_an_unknown_area_of_the_settings_is_found_on_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perfbench.toml").write_text("[benchmarks.areas]\ncontainer = true\nsesion = false\n")
    with pytest.raises(ConfigError) as caught:
        check_areas(load_project(tmp_path), [], KNOWN)
    assert str(caught.value) == "perfbench.toml:3: there is no area 'sesion'; did you mean session?"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], ()),
        (["--only", "container,session"], ("container", "session")),
        (["--only", "container", "--only", " session , llm,"], ("container", "session", "llm")),
    ],
)
def test_areas_are_named_with_commas_or_one_by_one(arguments: list[str], named: tuple[str, ...]) -> None:
    said: list[tuple[str, ...]] = []
    command = click.command()(only_areas(said_to(said)))
    command.main(arguments, standalone_mode=False)
    assert said == [named]


def test_an_option_without_a_name_is_refused() -> None:
    command = click.command()(only_areas(said_to([])))
    with pytest.raises(click.BadParameter):
        command.main(["--only", " ,"], standalone_mode=False)


def said_to(said: list[tuple[str, ...]]):  # type: ignore[no-untyped-def]
    def keep(areas: tuple[str, ...]) -> None:
        said.append(areas)

    return keep
