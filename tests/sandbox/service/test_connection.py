"""Connections that would hold the service up."""

from __future__ import annotations

import pytest

from tests.sandbox.service.served import Served

ASK = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"


def test_one_connection_serves_many_requests_sent_ahead(served: Served) -> None:
    with served.connect() as client:
        client.sendall((ASK + b"\r\n") * 10)
        received = b""
        while received.count(b'{"status"') < 10 and (some := client.recv(65536)):
            received += some
        assert received.count(b"HTTP/1.1 200") == 10


@pytest.mark.parametrize(
    "flood", [b"X: " + b"a" * 1000 + b"\r\n", b"a" * 1000], ids=["headers", "one header"]
)
def test_headers_without_end_are_given_up(served: Served, flood: bytes) -> None:
    with served.connect() as client:
        client.sendall(ASK + b"X: ")
        answer = b""
        try:
            for _ in range(1000):
                client.sendall(flood)
            answer = client.recv(100)
        except ConnectionError:
            return
        assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 100], ids=repr
)
def test_what_is_no_http_is_answered_with_400(served: Served, sent: bytes) -> None:
    with served.connect() as client:
        client.sendall(sent)
        assert client.recv(12) == b"HTTP/1.1 400"


def test_a_body_that_goes_on_after_its_answer_is_cut_off(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 404"
        while client.recv(1000):
            pass  # until the service closes it
