"""Which system is under test."""

from __future__ import annotations

import pytest

from perfbench import sut
from perfbench.errors import UsageError
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
