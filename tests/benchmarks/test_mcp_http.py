"""The client of tool servers over HTTP: JSON and event streams, sessions, and servers that misbehave."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from benchmarks import _mcp_http
from benchmarks._mcp_http import HttpClient

Message = dict[str, Any]


class Handler(BaseHTTPRequestHandler):
    """Opens as a server must; `answer` says what comes after."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((message, dict(self.headers), self.client_address[1]))
        if message.get("method") == "initialize":
            session = {"Mcp-Session-Id": "s1"} if self.server.sessions else {}
            self.give(result(message, {"protocolVersion": "2025-06-18"}), headers=session)
        elif "id" not in message or "method" not in message:
            self.give(b"", status=202)
        else:
            self.server.answer(self, message)

    def do_DELETE(self) -> None:
        self.server.ended.append(self.headers["Mcp-Session-Id"])
        self.give(b"")

    def give(
        self,
        body: bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, *parts: bytes, end: bool = True) -> None:
        """Send an event stream in chunks."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in parts:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if end:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server on loopback that writes down what it hears."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Callable[[Handler, Message], None] = lambda handler, message: handler.give(
            result(message, {"content": [message["params"]]})
        )
        self.heard: list[tuple[Message, dict[str, str], int]] = []
        self.ended: list[str] = []
        self.sessions = True
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/mcp"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone away is none of our business."""


def result(message: Message, content: Message) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": content}).encode()


def event(data: bytes) -> bytes:
    return b"event: message\r\ndata: " + data + b"\r\n\r\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def test_a_call_is_answered_over_one_connection_in_the_session(server: Server) -> None:
    with HttpClient(server.url, headers={"Authorization": "Bearer t"}) as client:
        for number in range(3):
            assert client.call("say", {"n": number})["content"][0]["arguments"] == {"n": number}
    headers = [heard for _, heard, _ in server.heard]
    assert all(one["Authorization"] == "Bearer t" for one in headers)
    assert all(one["Mcp-Session-Id"] == "s1" for one in headers[1:])
    assert all(one["Mcp-Protocol-Version"] == "2025-06-18" for one in headers[2:])
    assert len({port for _, _, port in server.heard}) == 1
    assert server.ended == ["s1"]


def test_a_server_may_have_no_sessions(server: Server) -> None:
    server.sessions = False
    with HttpClient(server.url) as client:
        client.call("say", {})
    assert server.ended == []


def test_an_event_stream_is_read_and_the_connection_kept(server: Server) -> None:
    def answer(handler: Handler, message: Message) -> None:
        told = json.dumps({"jsonrpc": "2.0", "method": "notifications/message"}).encode()
        body = event(told) + event(result(message, {"content": ["ü"]}))
        handler.stream(
            b": ping\n\n", b"id: 1\nretry: 10\n\n", *(body[i : i + 7] for i in range(0, len(body), 7))
        )

    server.answer = answer
    with HttpClient(server.url) as client:
        for _ in range(3):
            assert client.call("say", {})["content"] == ["ü"]
    assert len({port for _, _, port in server.heard}) == 1


def test_data_of_one_event_may_take_several_lines(server: Server) -> None:
    def answer(handler: Handler, message: Message) -> None:
        lines = json.dumps(json.loads(result(message, {"content": []})), indent=1).encode().split(b"\n")
        handler.stream(b"".join(b"data:" + line + b"\n" for line in lines) + b"\n")

    server.answer = answer
    with HttpClient(server.url) as client:
        assert client.call("say", {}) == {"content": []}


def test_a_stream_that_stays_open_after_the_answer_is_not_waited_for(server: Server) -> None:
    def answer(handler: Handler, message: Message) -> None:
        handler.stream(event(result(message, {"content": []})), end=False)
        server.over.wait(10)

    server.answer = answer
    with HttpClient(server.url) as client:
        for _ in range(2):
            assert client.call("say", {}) == {"content": []}


def test_what_a_server_asks_in_its_stream_is_answered_beside_it(server: Server) -> None:
    answered = threading.Event()

    def answer(handler: Handler, message: Message) -> None:
        ping = json.dumps({"jsonrpc": "2.0", "id": "p", "method": "ping"}).encode()
        handler.stream(event(ping), event(result(message, {"content": []})))

    server.answer = answer
    with HttpClient(server.url) as client:
        client.call("say", {})
        answered.set()
    replies = [(message, headers) for message, headers, _ in server.heard if "method" not in message]
    assert [message for message, _ in replies] == [{"jsonrpc": "2.0", "id": "p", "result": {}}]
    assert replies[0][1]["Mcp-Session-Id"] == "s1"


def test_another_connection_shares_the_session_and_uses_no_number_twice(server: Server) -> None:
    with HttpClient(server.url) as first, first.another() as second:
        first.call("say", {})
        second.call("say", {})
        first.call("say", {})
    assert {headers.get("Mcp-Session-Id") for _, headers, _ in server.heard[1:]} == {"s1"}
    numbers = [message["id"] for message, _, _ in server.heard if "id" in message]
    assert len(set(numbers)) == len(numbers) == 4
    assert server.ended == ["s1"]


def test_a_connection_that_was_closed_meanwhile_is_opened_again(server: Server) -> None:
    def answer(handler: Handler, message: Message) -> None:
        handler.close_connection = True  # without a word of it in the headers
        handler.give(result(message, {"content": []}))

    server.answer = answer
    with HttpClient(server.url) as client:
        for _ in range(2):
            client.call("say", {})
            wait_for_end(client)
    assert len({port for _, _, port in server.heard}) == 2


def wait_for_end(client: HttpClient) -> None:
    connection = client._socket
    assert connection is not None
    connection.settimeout(10)
    assert connection.recv(1, socket.MSG_PEEK) == b""


def break_off(handler: Handler, message: Message) -> None:
    handler.give(result(message, {}), length=10_000)
    handler.close_connection = True


def hang_up(handler: Handler, message: Message) -> None:
    handler.close_connection = True


def never(handler: Handler, message: Message) -> None:
    handler.server.over.wait(10)


def drip(handler: Handler, message: Message) -> None:
    handler.give(b"", length=10_000)
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b" ")


def notify_for_ever(handler: Handler, message: Message) -> None:
    told = event(json.dumps({"jsonrpc": "2.0", "method": "notifications/message"}).encode())
    handler.stream(told, end=False)
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(told), told))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda handler, _: handler.give(b"out of order", status=500), "answers 500 .*: out of order"),
        (
            lambda handler, _: handler.give(b'{"error": {"message": "gone"}}', status=404),
            "answers 404 .*: gone",
        ),
        (lambda handler, _: handler.give(b"", status=302, headers={"Location": "/"}), "answers 302"),
        (lambda handler, _: handler.give(b"<html>", kind="text/html"), "content type 'text/html'"),
        (lambda handler, _: handler.give(b"nonsense"), "says what is no message: b'nonsense'"),
        (lambda handler, _: handler.give(b"[1]"), "says what is no message"),
        (lambda handler, _: handler.give(b"[]"), "ends its answer before it is complete"),
        (lambda handler, _: handler.give(b'{"id": 77, "result": {}}'), "answers 77, which was not asked"),
        (lambda handler, _: handler.stream(event(b"nonsense")), "says what is no message: b'nonsense'"),
        (lambda handler, _: handler.stream(b": nothing\n\n"), "ends its answer before it is complete"),
        (lambda handler, m: handler.give(result(m, {"isError": True})), "the tool 'say' failed"),
        (lambda handler, _: handler.give(bytes(100_001)), "answers with more than 100000 bytes"),
        (break_off, "breaks off"),
        (hang_up, "breaks off: RemoteDisconnected"),
        (never, r"has not answered within 0\.3 s"),
        (drip, r"has not answered within 0\.3 s"),
        (notify_for_ever, r"has not answered within 0\.3 s"),
    ],
)
def test_what_a_server_must_not_do_is_an_error_in_a_sentence(
    answer: Callable[[Handler, Message], None], said: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mcp_http, "MOST_BYTES", 100_000)
    server.answer = answer
    with HttpClient(server.url) as client:
        client.timeout = 0.3
        with pytest.raises(RuntimeError, match=said):
            client.call("say", {})


def test_where_nothing_listens_it_is_skipped_without_what_is_secret_in_the_url() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotImplementedError) as raised:
        HttpClient(f"http://user:secret@127.0.0.1:{port}/mcp?key=secret")
    assert str(raised.value).startswith(f"no MCP server listens at http://127.0.0.1:{port}/mcp: ")


@pytest.mark.parametrize("url", ["ftp://a/b", "a/b", "http://", ""])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(RuntimeError, match="begins with http"):
        HttpClient(url)


def test_a_header_of_two_lines_is_refused_without_its_value(server: Server) -> None:
    with pytest.raises(RuntimeError) as raised:
        HttpClient(server.url, headers={"Authorization": "secret\r\nX: y"})
    assert str(raised.value) == "the header Authorization cannot be sent: its value is not one line of ASCII"
