"""A store is found by its name, and what is wrong is said in a sentence with its remedy."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from perfbench.errors import StoreError, UnavailableError, UsageError
from perfbench.sandbox import sessions
from perfbench.sandbox.sessions import open_store


def test_the_default_is_sqlite() -> None:
    assert sessions.DEFAULT in sessions.NAMES
    with open_store() as store:
        assert store.name == "sqlite"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("sqlit", "did you mean 'sqlite'"), ("postgresql", "did you mean 'postgres'"), ("x", "the stores are")],
)
def test_a_name_that_is_none_is_answered_with_the_nearest(name: str, remedy: str) -> None:
    with pytest.raises(UsageError, match=remedy):
        open_store(name)


@pytest.mark.parametrize("name", ["memory", "redis", "postgres"])
def test_a_folder_is_for_stores_on_disk_alone(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes no folder"):
        open_store(name, place=tmp_path)


@pytest.mark.parametrize("name", ["memory", "json", "sqlite"])
def test_a_url_is_for_stores_on_a_server_alone(name: str) -> None:
    with pytest.raises(UsageError, match="takes no URL"):
        open_store(name, url="redis://127.0.0.1")


@pytest.mark.parametrize(("name", "variable"), [("redis", "REDIS"), ("postgres", "POSTGRES")])
def test_without_a_server_the_store_is_unavailable(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"PERFBENCH_{variable}_URL", raising=False)
    with pytest.raises(
        UnavailableError, match=rf"PERFBENCH_{variable}_URL is not set; .*tools/services start"
    ):
        open_store(name)


@pytest.mark.parametrize(
    ("name", "library", "url", "remedy"),
    [
        ("redis", "redis", "redis://127.0.0.1:1", "pip install redis"),
        ("postgres", "psycopg", "postgresql://127.0.0.1:1/x", r"pip install 'psycopg\[binary\]'"),
    ],
)
def test_without_its_client_the_store_is_unavailable(
    name: str, library: str, url: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(wanted: str, *rest: Any) -> Any:
        if wanted.partition(".")[0] == library:
            raise ImportError(f"No module named {library!r}")
        return real(wanted, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnavailableError, match=remedy):
        open_store(name, url=url)


@pytest.mark.parametrize("name", ["json", "sqlite"])
def test_a_folder_that_cannot_be_made_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=rf"cannot make {tmp_path}/file/below"):
        open_store(name, place=tmp_path / "file" / "below")
