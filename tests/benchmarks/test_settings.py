"""Rows of settings: the reference's, and those of a project's own."""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asv_runner.discovery import _get_benchmark

from benchmarks import settings
from perfbench import sut
from perfbench.sandbox.settings import Settings
from tests.benchmarks import own_settings
from tests.benchmarks.rows import FOLDER, run

Own = Callable[..., Any]
SOURCES = ("toml", "yaml", "json", "environment")
ROWS = ("new", "get", "set", "resolve_path", "validate")


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Own:
    """The benchmarks as they are in a project that configures these tables."""

    def load(**tables: object) -> Any:
        monkeypatch.setenv(sut.VARIABLE, json.dumps({**tables, "root": str(tmp_path)}))
        spec = importlib.util.spec_from_file_location("benchmarks.settings", FOLDER / "settings.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        own_settings.calls.clear()
        return module

    return load


def own_factory(name: str) -> dict[str, str]:
    return {"factory": f"tests.benchmarks.own_settings:{name}"}


def measure(module: Any, owner: str, name: str) -> None:
    """One call of each row of a benchmark, as asv makes it."""
    kind = getattr(module, owner)
    benchmark = _get_benchmark(name, module, kind, getattr(kind, name))
    for params in itertools.product(*benchmark._params):
        for setup in benchmark._setups:
            setup(*params)
        benchmark.func(*params)


@pytest.mark.parametrize("row", ROWS)
def test_the_reference_is_measured(row: str, tmp_path: Path) -> None:
    assert run(f"settings.Settings.time_{row}(defaults)", tmp_path)["samples"][0] > 0


@pytest.mark.parametrize("source", SOURCES)
def test_the_reference_is_loaded_from_each_source(source: str, tmp_path: Path) -> None:
    assert run(f"settings.Load.time_load({source})", tmp_path)["samples"][0] > 0


def test_every_source_says_the_same() -> None:
    loaded = [settings._loading(source)() for source in SOURCES]
    values = [{key: one.get(key) for key in one.defaults} for one in loaded]
    assert values[0] == values[1] == values[2] == values[3] != loaded[0].defaults


def test_yaml_without_pyyaml_is_skipped_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings._loading.cache_clear()
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert math.isnan(run("settings.Load.time_load(yaml)", tmp_path))
    assert "pip install pyyaml" in capsys.readouterr().out
    settings._loading.cache_clear()


def test_a_source_that_was_not_read_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    settings._loading.cache_clear()
    monkeypatch.setattr(Settings, "load", lambda *_: None)
    with pytest.raises(RuntimeError, match=r"limits\.memory was not loaded from json"):
        settings._loading("json")
    settings._loading.cache_clear()


def test_the_short_rows_of_the_reference_have_no_setup() -> None:
    assert not any(hasattr(getattr(settings.Settings, f"time_{row}"), "setup") for row in ROWS)


def test_a_project_s_own_settings_are_asked_for_what_they_say(own: Own, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('{"colour": "green"}')
    module = own(settings=own_factory("Whole"))
    assert module.Settings.params == module.Load.params == (("own",),)
    for row in ROWS:
        measure(module, "Settings", f"time_{row}")
    measure(module, "Load", "time_load")
    load = ("load", tmp_path / "own.json")
    assert own_settings.calls == [
        ("get", "colour"),
        ("set", "colour", "blue"),
        ("resolve_path", "home"),
        ("validate",),
        load,
        load,
    ]


def test_what_is_lacking_skips_just_its_rows(own: Own) -> None:
    module = own(settings=own_factory("Sparse"))
    measure(module, "Settings", "time_new")
    measure(module, "Settings", "time_get")
    measure(module, "Load", "time_load")
    assert own_settings.calls[-1] == ("load", "settings.toml")
    for row in ("set", "resolve_path", "validate"):
        with pytest.raises(NotImplementedError, match=rf"\[sut.settings\] makes has no {row}\(\)"):
            measure(module, "Settings", f"time_{row}")


def test_a_factory_that_raises_fails_its_rows_and_not_the_module(own: Own) -> None:
    module = own(settings=own_factory("broken"))
    for row in ROWS:
        with pytest.raises(LookupError, match="there are none today"):
            measure(module, "Settings", f"time_{row}")


def test_a_project_without_settings_of_its_own_has_no_such_rows(own: Own) -> None:
    module = own(api={"url": "http://127.0.0.1:1"})
    for owner, name in (("Settings", "time_get"), ("Load", "time_load")):
        kind = getattr(module, owner)
        assert not list(itertools.product(*_get_benchmark(name, module, kind, getattr(kind, name))._params))
