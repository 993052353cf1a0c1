"""The benchmarks on a fake runtime, with nothing of one test left for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benchmarks import _running
from perfbench import sut
from tests import fake_runtime
from tests.fake_runtime import FakeRuntime


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Sandboxes and runtimes that a test uses are forgotten after it."""
    yield
    _running.release()
    _running._usable.clear()
    fake_runtime.runtime.cache_clear()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FakeRuntime]:
    """Put the fake in the place of every runtime; gives them by name."""
    monkeypatch.setenv(sut.RUNTIMES_VARIABLE, fake_runtime.FACTORY)
    return fake_runtime.runtime
