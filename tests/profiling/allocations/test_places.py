"""Files and patterns of allocations."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.profiling.allocations import Filters, Place
from perfbench.profiling.allocations.places import Stack, as_bytes, signed

HERE = str(Path(__file__))
names = st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5}){0,2}\.py", fullmatch=True)


def stack(*files: str) -> Stack:
    return tuple((file, 1) for file in files)


@given(names)
@settings(max_examples=30)
def test_a_pattern_of_a_relative_path_matches_below_any_folder(name: str) -> None:
    assert Filters(include=name).keep(stack(f"/srv/folder/{name}"))
    assert not Filters(include=name).keep(stack(f"/srv/folder/{name}c"))
    assert not Filters(exclude=name).keep(stack(f"/srv/folder/{name}"))


def test_what_is_included_may_be_anywhere_in_the_stack_and_what_is_excluded_must_have_allocated() -> None:
    mixed = stack("/app/main.py", "/library/json.py")
    assert Filters(include="main.py").keep(mixed)
    assert Filters(exclude="main.py").keep(mixed)
    assert not Filters(exclude="json.py").keep(mixed)
    assert not Filters(include=("other.py", "third.py")).keep(mixed)


@pytest.mark.parametrize("file", [tracemalloc.__file__, "<frozen importlib._bootstrap>"])
def test_tracing_and_imports_are_left_out_unless_they_are_asked_for(file: str) -> None:
    assert not Filters().keep(stack(HERE, file))
    assert Filters(own=True).keep(stack(HERE, file))


def test_code_that_is_traced_counts_though_the_tools_called_it() -> None:
    assert Filters().keep(stack(tracemalloc.__file__, HERE))


def test_an_empty_stack_counts_where_nothing_has_to_match() -> None:
    assert Filters().keep(())
    assert not Filters(include="*.py").keep(())


@pytest.mark.parametrize("size", ["a lot", "10 s", -1, "-2 KiB", float("nan")])
def test_a_size_that_is_none_is_refused_with_a_remedy(size: float | str) -> None:
    with pytest.raises(UsageError, match="10 KiB"):
        Filters(smallest=size)


def test_sizes_are_bytes_or_have_a_unit() -> None:
    assert as_bytes("2 KiB", "it") == as_bytes(2048, "it") == Filters(smallest="2 KiB").smallest
    assert (signed(2048, "bytes"), signed(-2048, "bytes"), signed(0, "bytes")) == ("+2 KiB", "−2 KiB", "0 B")


def test_a_place_is_shown_below_the_folder_it_comes_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "lib")
    assert str(Place(str(tmp_path / "app.py"), 3)) == "app.py:3"
    assert str(Place("/nowhere/app.py")) == "/nowhere/app.py"
    monkeypatch.chdir("/")
    monkeypatch.syspath_prepend(tmp_path / "other")
    assert str(Place(str(tmp_path / "lib" / "json" / "a.py"), 1)).endswith("json/a.py:1")
