"""Every store open, on real servers where it needs one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from perfbench.sandbox.sessions import NAMES, SessionStore, open_store
from tests.servers import Relay, server_urls, url_or_skip

__all__ = ["server_urls"]

OnAServer = Callable[[str], str]


@pytest.fixture(scope="package")
def stores(server_urls: dict[str, str]) -> Iterator[Callable[[str], SessionStore]]:
    """The store of that name, one for all tests: the servers may hold sessions of others."""
    with ExitStack() as opened:
        kept: dict[str, SessionStore] = {}

        def of(name: str) -> SessionStore:
            if name not in kept:
                url = url_or_skip(server_urls, name) if name in ("redis", "postgres") else None
                kept[name] = opened.enter_context(open_store(name, url=url))
                opened.callback(_deletes_what_it_keeps(kept[name]))
            return kept[name]

        yield of


def _deletes_what_it_keeps(store: Any) -> Callable[[], None]:
    """Remember the sessions that this store is given from now on; gives what deletes just them."""
    ids: set[str] = set()
    put = store._put

    def remember(id: str, data: bytes) -> None:
        ids.add(id)
        put(id, data)

    def delete() -> None:
        for id in ids:
            store.delete(id)

    store._put = remember
    return delete


@pytest.fixture(params=NAMES)
def store(request: pytest.FixtureRequest, stores: Callable[[str], SessionStore]) -> SessionStore:
    """Each store in turn."""
    return stores(request.param)


@pytest.fixture
def relay(server_urls: dict[str, str]) -> Iterator[Callable[[str], tuple[Relay, str]]]:
    """A way to the real server of a store, and the URL that leads over it."""
    with ExitStack() as opened:

        def to(name: str) -> tuple[Relay, str]:
            url = urlsplit(url_or_skip(server_urls, name))
            way = Relay(url.port or 0)
            opened.callback(way.close)
            user = f"{url.username or ''}:{url.password or ''}"
            return way, url._replace(netloc=f"{user}@127.0.0.1:{way.port}").geturl()

        yield to
