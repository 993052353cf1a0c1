"""Servers that are down, hang, are cut off or refuse us: a store error within seconds, and no password in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perfbench.errors import StoreError
from perfbench.sandbox.sessions import new_id, open_store, postgres_connections, redis, servers
from tests.servers import Relay, closed_port, silent_port, url_or_skip

Way = Callable[[str], tuple[Relay, str]]

STORES = ("redis", "postgres")
SCHEMES = {"redis": "redis://:secret@", "postgres": "postgresql://user:secret@"}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One second instead of two or three."""
    monkeypatch.setattr(redis, "ANSWER_TIMEOUT", 0.3)
    monkeypatch.setattr(postgres_connections, "ANSWER_TIMEOUT", 0.2)
    monkeypatch.setattr(postgres_connections, "GRACE", 0.1)


@pytest.mark.parametrize("name", STORES)
def test_a_server_that_is_down_is_a_store_error(name: str) -> None:
    words = r"at 127\.0\.0\.1:\d+ did not do it: .*refused.*see that the server"
    with pytest.raises(StoreError, match=words) as caught:
        open_store(name, url=f"{SCHEMES[name]}127.0.0.1:{closed_port()}/0")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", STORES)
def test_a_server_that_never_says_a_word_is_a_store_error(name: str, impatient: None) -> None:
    with silent_port() as port, pytest.raises(StoreError, match=f"{port} did not do it: .*[Tt]ime"):
        open_store(name, url=f"{SCHEMES[name]}127.0.0.1:{port}/0")


@pytest.mark.parametrize("name", STORES)
@pytest.mark.parametrize(
    "rest", ["127.0.0.1:port/0", "[::1", ":secret@", "127.0.0.1:1/0?nonsense=%zz&port=x"]
)
def test_a_url_that_cannot_be_read_is_not_repeated(name: str, rest: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(name, url=SCHEMES[name] + rest)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", STORES)
def test_a_wrong_password_is_a_store_error_that_does_not_hold_it(
    name: str, server_urls: dict[str, str]
) -> None:
    url = url_or_skip(server_urls, name)
    place = url.rpartition("@")[2]
    with pytest.raises(StoreError, match="password") as caught:
        open_store(name, url=f"{SCHEMES[name]}{place}")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", STORES)
def test_a_dropped_connection_is_opened_again(name: str, relay: Way) -> None:
    way, url = relay(name)
    with open_store(name, url=url) as store:
        session = store.create()
        for _ in range(3):
            way.cut()
            assert store.read(session.id) == session
        way.cut()
        store.write(session)
        store.delete(session.id)


@pytest.mark.parametrize("name", STORES)
def test_a_server_that_goes_away_in_mid_run_is_a_store_error(name: str, relay: Way) -> None:
    way, url = relay(name)
    with open_store(name, url=url) as store:
        store.delete(new_id())
        way.close()
        for use in (store.create, store.ids, lambda: store.read(new_id()), lambda: store.delete(new_id())):
            with pytest.raises(StoreError, match="did not do it"):
                use()


@pytest.mark.parametrize("name", STORES)
def test_a_server_that_hangs_in_mid_run_is_a_store_error(name: str, relay: Way, impatient: None) -> None:
    way, url = relay(name)
    with open_store(name, url=url) as store:
        store.delete(new_id())
        way.silence()
        with pytest.raises(StoreError, match="did not do it"):
            store.read(new_id())


def test_a_server_s_url_is_shown_without_its_secrets() -> None:
    assert servers.address("redis://:secret@host:6379/0") == "host:6379"
    assert servers.address("postgresql://user:secret@host/db") == "host"
    assert servers.address("unix:///run/redis.sock?password=secret") == "/run/redis.sock"
    assert servers.address("postgresql:///db") == "/db"
    assert "secret" not in servers.address("redis://:secret@host:port")
