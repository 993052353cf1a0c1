"""A webhook is told over HTTP in time or not at all, and its address is nobody's to see."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from perfbench.commands.webhook import WebhookError, post, target_of
from perfbench.errors import ExitCode, UsageError

NAME = "PERFBENCH_TEST_WEBHOOK"


@dataclass
class Received:
    """What came to a server, and what it answers: a status and a header."""

    url: str = ""
    status: int = 204
    location: str = ""
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Received]:
    """A real server on loopback."""
    received = Received()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.requests.append((self.path, self.headers["Content-Type"], body))
            self.send_response(received.status)
            if received.location:
                self.send_header("Location", received.location)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        received.url = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield received
        listening.shutdown()
        thread.join()


def told(monkeypatch: pytest.MonkeyPatch, url: str, *, seconds: float = 10.0) -> None:
    monkeypatch.setenv(NAME, url)
    post(target_of(NAME), b'{"text": "hello"}', seconds=seconds)


def test_it_is_sent_one_json_document(monkeypatch: pytest.MonkeyPatch, server: Received) -> None:
    told(monkeypatch, f"{server.url}/hooks/hush?key=1")
    assert server.requests == [("/hooks/hush?key=1", "application/json; charset=utf-8", b'{"text": "hello"}')]


@pytest.mark.parametrize(
    ("status", "said"), [(500, "it answered 500"), (404, "it answered 404"), (302, "redirection")]
)
def test_an_answer_that_is_no_success_is_said_without_the_address(
    monkeypatch: pytest.MonkeyPatch, server: Received, status: int, said: str
) -> None:
    server.status, server.location = status, f"{server.url}/elsewhere"
    with pytest.raises(WebhookError, match=said) as caught:
        told(monkeypatch, f"{server.url}/hush")
    assert "hush" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.exit_code == ExitCode.USAGE
    assert len(server.requests) == 1  # no redirection is followed


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/hush"
        with pytest.raises(WebhookError, match=r"did not answer within 0\.2 s") as caught:
            told(monkeypatch, url, seconds=0.2)
    assert "hush" not in str(caught.value)


def test_a_server_that_does_not_speak_http_or_tls_is_said(
    monkeypatch: pytest.MonkeyPatch, server: Received
) -> None:
    with pytest.raises(WebhookError, match="no secure connection could be made"):
        told(monkeypatch, server.url.replace("http", "https"))
    with socket.create_server(("127.0.0.1", 0)) as odd:
        url = f"http://127.0.0.1:{odd.getsockname()[1]}/"
        thread = threading.Thread(target=lambda: _answer(odd, b"hello\r\n\r\n"))
        thread.start()
        with pytest.raises(WebhookError, match="did not answer in HTTP"):
            told(monkeypatch, url)
        thread.join()


def _answer(listening: socket.socket, said: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(said)


def test_a_server_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(WebhookError, match="Connection refused"):
        told(monkeypatch, f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is not set; set it to the webhook's URL"),
        ("http://example.org/hush", "would be sent to in the clear; use https"),
        ("ftp://example.org/hush", "holds no URL to post to"),
        ("file:///hush", "holds no URL to post to"),
        ("hush", "holds no URL to post to"),
        ("https://ann:hush@example.org/", "holds no URL to post to"),
        ("https://[hush/", "holds no URL to post to"),
        ("https://example.org:hush/", "holds no URL to post to"),
        ("https://example.org/hush\r\nHost: evil", "holds no URL to post to"),
        ("https://example.org/hüsh", "holds no URL to post to"),
    ],
)
def test_what_is_neither_https_nor_loopback_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv(NAME, url)
    with pytest.raises(UsageError, match=said) as caught:
        target_of(NAME)
    assert "hush" not in str(caught.value)
    assert NAME in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
def test_loopback_needs_no_https(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv(NAME, f"http://{host}:1/")
    assert not target_of(NAME).secure


def test_without_a_setting_there_is_no_webhook() -> None:
    with pytest.raises(UsageError, match=r"no webhook is configured; .*\[history\]"):
        target_of(None)
