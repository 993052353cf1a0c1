"""Rows of commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import dispatch
from perfbench.sandbox.commands import Registry
from tests.benchmarks.rows import benchmarks, run


@pytest.mark.parametrize("row", ["register", "find", "parse", "dispatch"])
def test_it_is_measured(row: str, tmp_path: Path) -> None:
    assert run(f"dispatch.Commands.time_{row}", tmp_path)["samples"][0] > 0


def test_no_row_has_a_setup() -> None:
    assert not any(one._setups for one in benchmarks() if one.name.startswith("dispatch."))


def test_the_registry_is_of_the_size_that_is_stated() -> None:
    assert len(dispatch.REGISTRY.names()) == dispatch.OTHERS + 1
    assert dispatch.REGISTRY.find("exec") is dispatch.REGISTRY.find("run")


def test_a_line_that_was_misread_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "dispatch", lambda *_: None)
    with pytest.raises(RuntimeError, match="was not understood"):
        dispatch.Commands().time_dispatch()
