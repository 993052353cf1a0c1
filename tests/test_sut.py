"""Which system is under test."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from perfbench import sut
from perfbench.errors import ConfigError, UnavailableError, UsageError
from tests import fake_runtime


def test_by_default_it_is_perfbenchs_own_sandbox_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sut.RUNTIMES_VARIABLE, raising=False)
    assert type(sut.runtime("process")).__module__ == "perfbench.sandbox.runtimes.process"


def test_another_factory_is_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sut.RUNTIMES_VARIABLE, fake_runtime.FACTORY)
    assert sut.runtime("docker:runc") is fake_runtime.runtime("docker:runc")


@pytest.mark.parametrize(
    "place", ["nowhere.to.be.found:runtime", "tests.fake_runtime:nothing", "no.entry.point", ":runtime"]
)
def test_a_factory_that_is_not_there_is_a_usage_error(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sut.RUNTIMES_VARIABLE, place)
    with pytest.raises(UsageError, match="module:function"):
        sut.runtime("process")


def test_what_cannot_be_called_is_no_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sut.RUNTIMES_VARIABLE, "tests.fake_runtime:ABSENT")
    with pytest.raises(UsageError, match="is not a function"):
        sut.runtime("process")


def test_a_name_that_is_no_runtimes_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sut.RUNTIMES_VARIABLE, raising=False)
    with pytest.raises(UsageError, match="bubblewrap"):
        sut.runtime("bublewrap")


def configure(monkeypatch: pytest.MonkeyPatch, **tables: object) -> None:
    """Put in what perfbench tells its workers."""
    monkeypatch.setenv(sut.VARIABLE, json.dumps(tables))


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that offers two factories by name, one of which cannot be imported."""
    (tmp_path / "own_parts.py").write_text(
        "def open_store(*, place=None):\n    return 'a store'\n\n"
        "def broken():\n    raise RuntimeError('no licence')\n"
    )
    info = tmp_path / "own_parts-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-parts\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{sut.GROUP}]\nstore = own_parts:open_store\nbroken = own_parts:broken\nlost = own_parts:gone\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_package_offers_a_factory_by_the_name_of_its_entry_point(
    distribution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, session={"factory": "store"}, root=str(distribution))
    factory = sut.factory("session")
    assert factory is not None
    assert factory() == "a store"
    assert sut.names("session", ("memory",)) == sut.OWN


def test_a_factory_that_raises_gives_its_own_reason(
    distribution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, session={"factory": "broken"}, root=str(distribution))
    factory = sut.factory("session")
    assert factory is not None
    with pytest.raises(RuntimeError, match="no licence"):
        factory()


@pytest.mark.parametrize("name", ["nobody-offers-this", "lost"])
def test_an_entry_point_that_leads_nowhere_is_a_usage_error(
    distribution: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    configure(monkeypatch, session={"factory": name}, root=str(distribution))
    with pytest.raises(UsageError, match=r"\[sut\.session\]"):
        sut.factory("session")


def test_a_project_that_is_not_installed_is_imported_from_its_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_in_this_checkout.py").write_text("def engine(name):\n    return 'engine of ' + name\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    configure(monkeypatch, script={"factory": "only_in_this_checkout:engine"}, root=str(tmp_path))
    factory = sut.factory("script")
    assert factory is not None
    assert factory("own") == "engine of own"


def test_without_a_configuration_the_reference_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sut.VARIABLE, raising=False)
    assert sut.is_reference()
    assert sut.names("session", ("memory", "sqlite")) == ("memory", "sqlite")
    assert sut.configured("session") is None
    assert sut.factory("session") is None


def test_a_table_that_is_left_out_has_no_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, api={"url": "http://localhost:1", "endpoints": {"a": {}, "b": {}}}, root="/x")
    assert not sut.is_reference()
    assert sut.names("session", ("memory",)) == ()
    assert sut.names("api", ("health",)) == ("a", "b")
    assert sut.root() == "/x"


def test_secrets_are_taken_from_the_environment_and_a_missing_one_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OWN_TOKEN", "geheim")
    monkeypatch.delenv("OTHER_TOKEN", raising=False)
    assert sut.filled("Bearer ${OWN_TOKEN}") == "Bearer geheim"
    with pytest.raises(UnavailableError, match="OTHER_TOKEN") as missing:
        sut.filled("Bearer ${OWN_TOKEN} ${OTHER_TOKEN}")
    assert "geheim" not in str(missing.value)


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_a_spoilt_variable_is_a_configuration_error(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sut.VARIABLE, text)
    with pytest.raises(ConfigError, match="unset it"):
        sut.is_reference()
