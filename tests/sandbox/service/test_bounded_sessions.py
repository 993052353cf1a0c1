"""Sessions that clients cannot fill the machine with."""

from __future__ import annotations

import pytest

from perfbench.sandbox.service.bounded_sessions import OVERHEAD, BoundedSessions
from perfbench.sandbox.service.refusals import NoRoomError, refusal
from perfbench.sandbox.sessions import UnknownSessionError, open_store

ROOM = 3 * (OVERHEAD + 400)


@pytest.fixture
def sessions() -> BoundedSessions:
    return BoundedSessions(open_store("memory"), ROOM)


def fill(sessions: BoundedSessions, most: int) -> list[str]:
    """Make sessions until there is no room for another."""
    ids = [sessions.create({"text": "x" * 200}).id for _ in range(most)]
    with pytest.raises(
        NoRoomError, match=rf"^the sessions fill {ROOM} bytes already; delete some$"
    ) as caught:
        sessions.create({"text": "x" * 200})
    assert refusal(caught.value).status == 429
    return ids


def test_they_fill_so_many_bytes_and_no_more(sessions: BoundedSessions) -> None:
    assert sorted(fill(sessions, 3)) == sorted(sessions.ids())


def test_what_is_deleted_makes_room_once(sessions: BoundedSessions) -> None:
    first, *_ = fill(sessions, 3)
    sessions.delete(first)
    sessions.delete(first)
    sessions.create({})
    with pytest.raises(NoRoomError):
        sessions.create({"text": "x" * 2000})


def test_a_session_that_grows_too_large_stays_as_it_was(sessions: BoundedSessions) -> None:
    id = sessions.create({"kept": True}).id
    with pytest.raises(NoRoomError):
        sessions.replace(id, {"text": "x" * ROOM}, None)
    assert sessions.read(id).state == {"kept": True}


def test_one_that_is_written_over_and_over_is_counted_once(sessions: BoundedSessions) -> None:
    id = sessions.create({}).id
    for number in range(50):
        sessions.replace(id, {"text": "x" * 200, "number": number}, None)
    fill(sessions, 2)
    assert sessions.read(id).state["number"] == 49


def test_history_is_added_to(sessions: BoundedSessions) -> None:
    id = sessions.create({"a": 1}).id
    for number in range(3):
        sessions.append(id, {"number": number})
    read = sessions.read(id)
    assert (read.state, read.history) == ({"a": 1}, [{"number": 0}, {"number": 1}, {"number": 2}])


def test_one_that_is_not_there_is_not_written(sessions: BoundedSessions) -> None:
    with pytest.raises(UnknownSessionError):
        sessions.replace("nowhere", {}, None)
    assert sessions.ids() == []
