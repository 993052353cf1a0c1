"""Sessions in a real PostgreSQL server: its table, its connections, its limits of time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from perfbench.errors import StoreError
from perfbench.sandbox.sessions import open_store, postgres_connections
from tests.servers import url_or_skip

pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'psycopg[binary]'")
import psycopg


@pytest.fixture
def admin(server_urls: dict[str, str]) -> Iterator[psycopg.Connection[Any]]:
    """A connection beside the store's."""
    with psycopg.connect(url_or_skip(server_urls, "postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def url(server_urls: dict[str, str], admin: psycopg.Connection[Any]) -> Iterator[str]:
    """A schema in which nobody has ever kept a session; its name is that of its connections too."""
    name = f"test_{secrets.token_hex(4)}"
    admin.execute(f"CREATE SCHEMA {name}; SET search_path = {name}".encode())
    yield f"{server_urls['postgres']}?options=-csearch_path%3D{name}&application_name={name}"
    admin.execute(f"DROP SCHEMA {name} CASCADE".encode())


def connections(admin: psycopg.Connection[Any], url: str) -> list[int]:
    """Process ids of the server's that serve the store."""
    name = url.rpartition("=")[2]
    found = admin.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [name])
    return [row[0] for row in found]


def test_stores_that_make_the_table_at_once_all_find_it(url: str) -> None:
    def work(_: int) -> str:
        with open_store("postgres", url=url) as store:
            return store.read(store.create().id).id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(work, range(8)))) == 8


def test_threads_share_a_few_connections_which_go_with_the_store(
    url: str, admin: psycopg.Connection[Any]
) -> None:
    with open_store("postgres", url=url) as store, ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: store.create(), range(100)))
        assert 1 <= len(connections(admin, url)) <= postgres_connections.MOST
        assert len(store.ids()) == 100
    for _ in range(200):
        if not connections(admin, url):  # the server needs a moment to see it
            break
    assert connections(admin, url) == []


def test_connections_that_the_server_ends_are_opened_again(url: str, admin: psycopg.Connection[Any]) -> None:
    with open_store("postgres", url=url) as store, ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: store.create(), range(50)))
        for pid in connections(admin, url):
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert store.read(made[0].id) == made[0]
        list(threads.map(lambda session: store.delete(session.id), made))
        assert store.ids() == []


def test_a_lock_that_is_held_for_too_long_is_a_store_error_and_the_store_goes_on(
    url: str, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connections, "SET_TIMEOUT", "SET statement_timeout = 100")
    with open_store("postgres", url=url) as store:
        session = store.create()
        with admin.transaction():
            admin.execute("LOCK TABLE sandbox_sessions")
            with pytest.raises(StoreError, match="canceling statement due to statement timeout"):
                store.read(session.id)
        assert store.read(session.id) == session
        assert len(connections(admin, url)) == 1


def test_a_table_that_is_dropped_in_mid_run_is_a_store_error(
    url: str, admin: psycopg.Connection[Any]
) -> None:
    with open_store("postgres", url=url) as store:
        admin.execute("DROP TABLE sandbox_sessions")
        with pytest.raises(StoreError, match='relation "sandbox_sessions" does not exist'):
            store.create()


def test_a_session_that_is_spoilt_harms_no_other(url: str, admin: psycopg.Connection[Any]) -> None:
    with open_store("postgres", url=url) as store:
        spoilt, other = store.create(), store.create()
        admin.execute("UPDATE sandbox_sessions SET data = '{' WHERE id = %s", [spoilt.id])
        with pytest.raises(
            StoreError, match=f"session '{spoilt.id}' in PostgreSQL at 127.0.0.1:.* is spoilt"
        ):
            store.read(spoilt.id)
        assert store.read(other.id) == other
