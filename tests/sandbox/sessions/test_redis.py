"""Sessions in a real Redis server, beside keys of others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from perfbench.errors import StoreError
from perfbench.sandbox.sessions import Session, SessionStore, new_id, open_store
from tests.servers import url_or_skip

pytest.importorskip("redis", reason="redis is not installed: pip install redis")
import redis


@pytest.fixture
def url(server_urls: dict[str, str]) -> str:
    return url_or_skip(server_urls, "redis")


@pytest.fixture
def client(url: str) -> Iterator[redis.Redis]:
    """A client beside the store's."""
    with redis.Redis.from_url(url) as client:
        yield client


@pytest.fixture
def store(url: str) -> Iterator[SessionStore]:
    with open_store("redis", url=url) as store:
        yield store


def test_a_session_is_one_key_and_other_keys_are_let_alone(store: SessionStore, client: redis.Redis) -> None:
    foreign = f"foreign:{new_id()}"
    client.set(foreign, "theirs")
    session = store.create({"a": 1})
    assert client.exists(f"sandbox:session:{session.id}") == 1
    assert all(not id.startswith("foreign") for id in store.ids())
    store.delete(session.id)
    assert client.exists(f"sandbox:session:{session.id}") == 0
    assert client.getdel(foreign) == b"theirs"


def test_a_key_of_another_kind_in_a_session_s_place_is_a_store_error(
    store: SessionStore, client: redis.Redis
) -> None:
    id = new_id()
    client.lpush(f"sandbox:session:{id}", "no session")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        store.read(id)
    store.write(Session(id, {}, [], 0.0))
    assert store.read(id).state == {}
    store.delete(id)


def test_a_session_that_is_spoilt_harms_no_other(store: SessionStore, client: redis.Redis) -> None:
    spoilt, other = store.create(), store.create()
    client.set(f"sandbox:session:{spoilt.id}", b"{")
    with pytest.raises(StoreError, match=f"session '{spoilt.id}' in Redis at 127.0.0.1:.* is spoilt"):
        store.read(spoilt.id)
    assert store.read(other.id) == other
    for session in (spoilt, other):
        store.delete(session.id)


def test_a_client_that_is_told_to_decode_gives_the_same_sessions(url: str) -> None:
    with open_store("redis", url=f"{url}?decode_responses=True") as store:
        session = store.create({"a": "ä"})
        assert store.read(session.id) == session
        assert session.id in store.ids()
        store.delete(session.id)


def test_connections_that_the_server_ends_are_opened_again(url: str, client: redis.Redis) -> None:
    name = new_id()
    with open_store("redis", url=f"{url}?client_name={name}") as store:
        session = store.create()
        (number,) = (one["id"] for one in client.client_list() if one["name"] == name)
        client.client_kill_filter(_id=number)
        assert store.read(session.id) == session
        store.delete(session.id)
