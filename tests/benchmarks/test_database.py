"""Rows of database queries: the reference's on real databases, and a project's own."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import database
from perfbench import sut
from tests.benchmarks.rows import run
from tests.servers import closed_port, server_urls, url_or_skip

__all__ = ["server_urls"]

Configure = Callable[..., None]


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    yield
    database.release()


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Configure:
    """Configure a database of a project's own."""

    def to(url: str, **queries: str) -> None:
        tables: dict[str, Any] = {"database": {"url": url, "queries": queries}, "root": str(tmp_path)}
        monkeypatch.setenv(sut.VARIABLE, json.dumps(tables))

    return to


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database of a project's own, with two rows in it."""
    path = tmp_path / "their data.db"
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
        connection.execute("INSERT INTO orders VALUES (1), (2)")
    connection.close()
    return path


def measure(query: str) -> database.Query:
    row = database.Query()
    row.setup(query)
    row.time_query(query)
    return row


@pytest.mark.parametrize("query", ["sqlite_point", "sqlite_scan"])
def test_sqlite_is_measured(query: str, tmp_path: Path) -> None:
    assert run(f"database.Query.time_query({query})", tmp_path)["samples"][0] > 0


@pytest.mark.parametrize("query", ["postgres_point", "postgres_scan"])
def test_postgresql_is_measured_and_left_as_it_was(
    query: str, server_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = url_or_skip(server_urls, "postgres")
    monkeypatch.setenv("PERFBENCH_POSTGRES_URL", url)
    assert run(f"database.Query.time_query({query})", tmp_path)["samples"][0] > 0
    database.release()
    (left,) = database._postgres(url)("SELECT count(*) FROM pg_tables WHERE tablename = 'items'")
    assert left == (0,)


def test_without_a_server_its_rows_are_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PERFBENCH_POSTGRES_URL", raising=False)
    assert math.isnan(run("database.Query.time_query(postgres_point)", tmp_path))
    assert "PERFBENCH_POSTGRES_URL is not set; eval" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["127.0.0.1:{port}/x", ":secret@", "127.0.0.1:secret/x"])
def test_a_server_that_is_down_fails_its_rows_without_its_password(
    place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"postgresql://user:secret@{place.format(port=closed_port())}"
    monkeypatch.setenv("PERFBENCH_POSTGRES_URL", url)
    with pytest.raises(RuntimeError, match="the PostgreSQL server cannot be used: ") as caught:
        run("database.Query.time_query(postgres_point)", tmp_path)
    assert "secret" not in str(caught.value)


def test_rows_that_are_not_there_are_no_measurement(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(database, "FILL", database.FILL.rpartition(", (")[0])
    with pytest.raises(RuntimeError, match="sqlite_scan gave 999 rows, not 1000"):
        run("database.Query.time_query(sqlite_scan)", tmp_path)


@pytest.mark.parametrize("url", ["sqlite:///their data.db", "sqlite:///their%20data.db", "sqlite:///{file}"])
def test_a_file_of_the_project_s_own_is_found_from_the_top_of_its_checkout(
    url: str, file: Path, configure: Configure
) -> None:
    configure(url.format(file=file), all="SELECT * FROM orders", change="UPDATE orders SET id = id + 1")
    measure("all")
    measure("change")
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT id FROM orders").fetchall() == [(2,), (3,)]
    connection.close()


def test_a_server_of_the_project_s_own_is_measured(
    server_urls: dict[str, str], configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, _, place = url_or_skip(server_urls, "postgres").partition("@")
    monkeypatch.setenv("THEIR_PASSWORD", user.rpartition(":")[2])
    configure(
        f"{user.rpartition(':')[0]}:${{THEIR_PASSWORD}}@{place}",
        like="SELECT 1 WHERE 'a%s' LIKE 'a%'",
        none="SET timezone = 'UTC'",
    )
    measure("like")
    assert list(measure("none").execute("SHOW timezone")) == [("UTC",)]


def test_a_variable_that_is_not_set_skips_the_row(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("THEIR_PASSWORD", raising=False)
    configure("postgresql://user:${THEIR_PASSWORD}@127.0.0.1/x", one="SELECT 1")
    with pytest.raises(NotImplementedError, match="THEIR_PASSWORD is not set"):
        measure("one")


def test_a_query_that_is_wrong_fails_its_row_alone(file: Path, configure: Configure) -> None:
    configure(f"sqlite:///{file}", wrong="SELECT * FROM nowhere", right="SELECT * FROM orders")
    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
        measure("wrong")
    measure("right")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///nowhere.db", "nowhere.db cannot be opened: unable to open database file"),
        ("sqlite:///", "cannot be opened: unable to open database file"),
        ("mysql://127.0.0.1/x", "is 'mysql'; write sqlite:///… or postgresql://…"),
        ("nonsense", "is 'nonsense'; write sqlite"),
    ],
)
def test_a_database_that_cannot_be_used_fails_the_row_with_its_reason(
    url: str, reason: str, configure: Configure, tmp_path: Path
) -> None:
    configure(url, one="SELECT 1")
    with pytest.raises(RuntimeError, match=reason):
        measure("one")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_fails_the_row(tmp_path: Path, configure: Configure) -> None:
    (tmp_path / "text.db").write_text("this is no database and long enough to be seen as none " * 20)
    configure("sqlite:///text.db", one="SELECT 1")
    with pytest.raises(RuntimeError, match="file is not a database"):
        measure("one")
