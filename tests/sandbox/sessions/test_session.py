"""Ids, and sessions as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import StoreError
from perfbench.sandbox.sessions import Session, decode, encode, new_id


def test_an_id_holds_128_random_bits_and_fits_in_a_url() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", id) for id in ids)


def test_a_session_is_json_that_any_program_can_read() -> None:
    session = Session("abc", {"ключ": "\ud800"}, [{"role": "user"}], 1.25)
    assert json.loads(encode(session)) == {
        "id": "abc",
        "created": 1.25,
        "state": {"ключ": "\ud800"},
        "history": [{"role": "user"}],
    }
    assert encode(session).isascii()
    assert decode(encode(session)) == session


WHOLE: dict[str, Any] = {"id": "a", "created": 1, "state": {}, "history": []}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        encode(Session("a", {}, [], 1.0))[:-1],
        b'{"id": "a", "created": NaN, "state": {}, "history": []}',
        *(json.dumps({name: WHOLE[name] for name in WHOLE if name != gone}).encode() for gone in WHOLE),
        *(json.dumps({**WHOLE, name: True}).encode() for name in WHOLE),
        json.dumps({**WHOLE, "history": [1]}).encode(),
    ],
)
def test_bytes_that_are_no_session_are_refused_with_a_remedy(data: bytes) -> None:
    with pytest.raises(StoreError, match=r"this is no session \(.*delete the session"):
        decode(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_session_or_a_store_error(data: bytes) -> None:
    with pytest.raises(StoreError):
        decode(data)
