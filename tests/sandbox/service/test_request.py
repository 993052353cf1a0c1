"""Bodies that are too large, too slow, or not what they should be."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.sandbox.service.limits import ServiceLimits
from perfbench.sandbox.service.refusals import RefusedError
from perfbench.sandbox.service.request import Fields, Request, parsed
from tests.sandbox.service.served import Served, serving


def json_values() -> st.SearchStrategy[object]:
    plain = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
    )
    return st.recursive(
        plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4
    )


@settings(max_examples=20)
@given(st.dictionaries(st.text(), json_values()))
def test_every_json_object_is_read(value: dict[str, object]) -> None:
    assert parsed(json.dumps(value).encode(), depth=1000) == value


@given(st.binary().filter(lambda data: not data.lstrip().startswith(b"{")))
def test_anything_else_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        parsed(data, depth=10)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'"text"',
        b'{"state": {"a": NaN}}',
        b'{"state": {"a": 1e999}}',
        b'{"state": {"a": ' + b"1" * 5000 + b"}}",
        b'{"state": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}",
        b'{"state": ' + b"[" * 40000,
        b'{"state": 1}',
        b'{"states": {}}',
        b'{"state": {}, "state ": {}}',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_no_session_is_refused(served: Served, body: bytes) -> None:
    assert served.ask("POST", "/sessions", body).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"argv": "ls -l"},
        {"argv": []},
        {"argv": [""]},
        {"argv": ["echo", 1]},
        {"argv": ["echo", "a\0b"]},
        {"argv": ["echo", "\ud800"]},
        {"argv": ["true"], "timeout": 0},
        {"argv": ["true"], "timeout": 1e9},
        {"argv": ["true"], "timeout": True},
        {"argv": ["true"], "timeout": "1"},
        {"argv": ["true"], "stdin": ["a"]},
        {"argv": ["true"], "shell": True},
    ],
    ids=repr,
)
def test_a_command_is_a_list_of_words_and_a_time(served: Served, sandbox: str, body: object) -> None:
    answer = served.ask("POST", f"/sandboxes/{sandbox}/exec", body)
    assert answer.status == 400
    assert "Traceback" not in answer.members["error"]


def test_an_unknown_member_is_named_with_the_nearest() -> None:
    with pytest.raises(RefusedError, match=r"^the session has no 'stat'; did you mean 'state'\?$"):
        Fields({"stat": {}}, "the session", ("state",))


def test_a_body_that_announces_too_much_is_refused_before_it_is_sent(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100001\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"


def test_a_body_that_announces_nothing_is_counted(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"POST /sessions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.sendall(b"%x\r\n%s\r\n" % (100001, b"a" * 100001))
        assert client.recv(12) == b"HTTP/1.1 413"


def test_a_body_of_just_the_limit_is_taken(served: Served, sandbox: str) -> None:
    assert served.ask("PUT", f"/sandboxes/{sandbox}/files/full", b"a" * 100000).status == 204


def test_json_may_be_less_than_a_file() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b'{"a": "' + b"a" * 1000, "more_body": True}

    request = Request({}, receive, ServiceLimits(body=100_000, json=5_000))
    with pytest.raises(RefusedError, match="the body is larger than 5000 bytes") as caught:
        asyncio.run(request.json())
    assert caught.value.status == 413


def test_a_client_that_hangs_up_in_its_body_is_forgotten(served: Served) -> None:
    client = served.connect()
    client.sendall(b"POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    client.shutdown(socket.SHUT_RDWR)
    client.close()
    assert served.ask("GET", "/health").status == 200


def test_a_client_that_hangs_up_before_its_answer_is_forgotten(served: Served, sandbox: str) -> None:
    body = b'{"argv": ["true"]}'
    with served.connect() as client:
        client.sendall(b"POST /sandboxes/%s/exec HTTP/1.1\r\nHost: localhost\r\n" % sandbox.encode())
        client.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    assert served.run(sandbox, "true").status == 200


def test_what_comes_too_slowly_is_given_up() -> None:
    with serving("--patience", "0.2") as service:
        for sent in (b"", b"GET /he", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: "):
            with service.connect() as client:
                client.sendall(sent)
                assert client.recv(100).startswith(b"HTTP/1.1 408 ")
                assert client.recv(100) == b""
        with service.connect() as client:
            client.sendall(b"POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
            assert client.recv(12) == b"HTTP/1.1 408"
