"""What holds for every session store, on the real thing."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfbench.errors import StoreError
from perfbench.sandbox.sessions import NAMES, Session, SessionStore, UnknownSessionError, new_id, open_store

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECT = st.dictionaries(st.text(), JSON, max_size=4)

NO_IDS = [
    "",
    ".",
    "..",
    "../x",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\0b",
    "a.json",
    "é",
    "a b",
    "*",
    "x" * 129,
    "a\n",
]


def test_what_is_created_can_be_read(store: SessionStore) -> None:
    session = store.create({"language": "python"})
    assert session.state == {"language": "python"}
    assert session.history == []
    assert session.created > 1e9
    assert store.read(session.id) == session
    assert session.id in store.ids()


def test_every_session_has_an_id_of_its_own(store: SessionStore) -> None:
    assert len({store.create().id for _ in range(20)}) == 20


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=OBJECT, history=st.lists(OBJECT, max_size=3))
def test_a_session_comes_back_as_it_was_written(
    store: SessionStore, state: dict[str, Any], history: list[dict[str, Any]]
) -> None:
    session = Session(new_id(), state, history, 1.5)
    store.write(session)
    assert store.read(session.id) == session
    store.delete(session.id)


def test_a_session_that_is_written_again_is_replaced(store: SessionStore) -> None:
    session = store.create({"long": "x" * 100_000})
    session.state = {"step": 2}
    session.history.append({"role": "user", "content": "hello"})
    store.write(session)
    assert store.read(session.id) == session
    assert store.ids().count(session.id) == 1


def test_nobody_shares_a_session_with_the_store(store: SessionStore) -> None:
    state: dict[str, Any] = {"list": [1]}
    session = store.create(state)
    state["list"].append(2)
    session.state["more"] = True
    store.read(session.id).state["even more"] = True
    assert store.read(session.id).state == {"list": [1]}


def test_a_deleted_session_is_gone_and_may_be_deleted_again(store: SessionStore) -> None:
    session = store.create()
    store.delete(session.id)
    store.delete(session.id)
    assert session.id not in store.ids()
    with pytest.raises(UnknownSessionError, match=f"no session '{session.id}'"):
        store.read(session.id)


@pytest.mark.parametrize("id", NO_IDS)
def test_what_cannot_be_an_id_never_reaches_the_store(store: SessionStore, id: str) -> None:
    for use in (store.read, store.delete, lambda id: store.write(Session(id, {}, [], 0.0))):
        with pytest.raises(UnknownSessionError, match="is no session's id"):
            use(id)


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, b"bytes", object()])
def test_what_json_does_not_have_is_refused_and_nothing_is_kept(store: SessionStore, value: object) -> None:
    session = Session(new_id(), {"value": value}, [], 0.0)
    with pytest.raises(StoreError, match="cannot be written as JSON"):
        store.write(session)
    assert session.id not in store.ids()


def test_a_state_without_end_is_refused(store: SessionStore) -> None:
    session = store.create()
    session.state["itself"] = session.state
    with pytest.raises(StoreError, match="cannot be written as JSON"):
        store.write(session)


def test_threads_that_write_one_session_leave_one_of_their_versions(store: SessionStore) -> None:
    id = new_id()
    versions = [Session(id, {"version": number, "text": str(number) * 5000}, [], 0.0) for number in range(8)]
    together = threading.Barrier(8)

    def work(session: Session) -> None:
        together.wait(30)
        for _ in range(10):
            store.write(session)
            assert store.read(id) in versions

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(work, version) for version in versions]:
            done.result(60)
    assert store.read(id) in versions


def test_threads_with_a_session_each_do_not_mix_them_up(store: SessionStore) -> None:
    def work(number: int) -> None:
        session = store.create({"number": number})
        for step in range(5):
            session.history.append({"step": step})
            store.write(session)
            assert store.read(session.id) == session
        store.delete(session.id)

    with ThreadPoolExecutor(16) as threads:
        for done in [threads.submit(work, number) for number in range(16)]:
            done.result(60)


@pytest.mark.parametrize("name", NAMES)
def test_a_closed_store_says_so(
    name: str, stores: Callable[[str], SessionStore], server_urls: dict[str, str]
) -> None:
    stores(name)  # skips where there is no server
    with open_store(name, url=server_urls.get(name)) as store:
        assert store.name == name
    store.close()
    for use in (store.create, store.ids, lambda: store.read(new_id()), lambda: store.delete(new_id())):
        with pytest.raises(StoreError, match=f"this {name} session store is closed"):
            use()
