"""The sandboxes that a server keeps: by id, so many and no more, none once it has ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from perfbench.errors import SandboxError
from perfbench.sandbox.mcp.shelf import Shelf
from tests.fake_runtime import FakeRuntime


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime("runc")


def test_a_sandbox_is_started_kept_and_found_by_its_id(runtime: FakeRuntime) -> None:
    shelf = Shelf(runtime)
    name = shelf.create()
    assert shelf.ids() == [name]
    assert shelf.find(name).exec(["true"]).exit_code == 0


def test_without_an_id_there_is_one_default_sandbox(runtime: FakeRuntime) -> None:
    shelf = Shelf(runtime)
    assert shelf.find(None) is shelf.find(None)
    assert runtime.calls.count("create") == 1


def test_many_that_ask_for_the_default_at_once_get_the_same(runtime: FakeRuntime) -> None:
    shelf = Shelf(runtime)
    with ThreadPoolExecutor(8) as threads:
        assert len({sandbox.id for sandbox in threads.map(shelf.find, [None] * 32)}) == 1


def test_a_default_that_was_deleted_is_made_anew(runtime: FakeRuntime) -> None:
    shelf = Shelf(runtime)
    first = shelf.find(None).id
    shelf.delete(first)
    assert shelf.find(None).id != first


def test_what_is_deleted_is_removed_and_not_found_again(runtime: FakeRuntime) -> None:
    shelf = Shelf(runtime)
    name = shelf.create()
    shelf.delete(name)
    assert runtime.alive == []
    with pytest.raises(SandboxError, match=f"no sandbox '{name}'"):
        shelf.delete(name)


def test_more_than_there_may_be_are_refused_until_one_is_deleted(runtime: FakeRuntime) -> None:
    shelf = Shelf(runtime, most=2)
    name = shelf.create()
    shelf.create()
    with pytest.raises(SandboxError, match="2 sandboxes are kept already"):
        shelf.create()
    shelf.delete(name)
    shelf.create()


@pytest.mark.parametrize("broken", ["create", "start"])
def test_one_that_does_not_start_takes_no_place_and_leaves_nothing(broken: str, runtime: FakeRuntime) -> None:
    shelf = Shelf(runtime, most=1)
    runtime.failing.add(broken)
    with pytest.raises(SandboxError, match=broken):
        shelf.create()
    assert runtime.alive == []
    runtime.failing.clear()
    shelf.create()


def test_closing_removes_all_and_lets_none_come_after(runtime: FakeRuntime) -> None:
    shelf = Shelf(runtime)
    name = shelf.create()
    shelf.create()
    shelf.close()
    shelf.close()
    assert runtime.alive == []
    for late in (shelf.create, lambda: shelf.find(None), lambda: shelf.find(name)):
        with pytest.raises(SandboxError, match="is ending"):
            late()
    assert runtime.alive == []


def test_one_that_cannot_be_removed_is_told_after_the_others_are_gone(runtime: FakeRuntime) -> None:
    shelf = Shelf(runtime)
    shelf.create()
    shelf.create()
    runtime.failing.add("remove")
    with pytest.raises(SandboxError, match="remove fails"):
        shelf.close()
    assert runtime.calls.count("remove") == 2
