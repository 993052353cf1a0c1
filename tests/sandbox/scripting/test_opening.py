"""Engines by their names."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from perfbench.errors import ScriptError, UnavailableError, UsageError
from perfbench.sandbox.scripting import DEFAULT, NAMES, SIMPLE, ScriptLimits, availability, open_engine


def test_each_name_has_a_simple_script() -> None:
    assert set(SIMPLE) == set(NAMES)
    assert DEFAULT in NAMES


def test_a_name_that_is_none_is_a_usage_error_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'quickjs'"):
        open_engine("quikjs")
    with pytest.raises(UsageError, match="the engines are quickjs, v8"):
        availability("zzz")


def test_an_absent_library_is_unavailable_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for limits in (ScriptLimits(), None):
        with pytest.raises(UnavailableError, match="lupa is not installed; pip install lupa"):
            open_engine("lua", limits=limits)
    assert availability("python").available


@pytest.mark.parametrize("limits", [ScriptLimits(seconds=0), ScriptLimits(memory=-1)])
def test_a_limit_of_nothing_is_refused(limits: ScriptLimits) -> None:
    with pytest.raises(ScriptError, match="lets nothing run"):
        open_engine("lua", limits=limits)


@pytest.mark.parametrize("name", ["v8", "starlark", "python"])
def test_a_limit_of_memory_that_cannot_be_held_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(UnavailableError, match="a limit of memory cannot be held"):
        open_engine(name)


def test_an_available_engine_says_its_version() -> None:
    assert all(availability(name).version for name in NAMES if availability(name).available)
