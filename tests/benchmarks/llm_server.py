"""A stand-in for a language model behind an OpenAI-compatible endpoint, on loopback.

The model's name says how it behaves: `good` streams its tokens one by one and counts them, `uncounted` does not
count them, `thinking` reasons first, `whole` sends everything in one piece, `plain` does not stream, `dies`
closes the connection in mid-stream, `stops` ends the stream without having finished, `silent` stops after one
token and holds the connection, `slow` never comes to an end, `empty` says nothing, `nonsense` sends what is no
JSON, `list` JSON that is no event, `babble` no HTTP, `wide` a line without end, `error` an error in mid-stream,
`denied` 401 with the key in it, `broken` 500 with a body that is no JSON, `moved` a redirection.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WORDS = [f"{number} " for number in range(1, 21)]


class Model(ThreadingHTTPServer):
    """The server; what it was asked is kept in `requests`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.closing = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in mid-stream is no news."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[tuple[Model, str]]:
    """A running server and its URL; over TLS with a file of certificate and key."""
    with Model() as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            scheme = "http" if certificate is None else "https"
            yield server, f"{scheme}://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Model

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append({"path": self.path, **asked})
        self.server.keys.append(self.headers["Authorization"])
        self.close_connection = True
        with suppress(OSError):
            getattr(self, f"_{asked['model']}")()

    def _good(self) -> None:
        self._stream([*map(_piece, WORDS), _end(), _usage(len(WORDS) + 5)])

    def _uncounted(self) -> None:
        self._stream([": kept alive\n\n", "event: message\n", *map(_piece, WORDS), _end()])

    def _thinking(self) -> None:
        first = _event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
        thought = _event({"choices": [{"delta": {"reasoning_content": "hm"}}]})
        self._stream([first, thought, *map(_piece, WORDS), _end()])

    def _whole(self) -> None:
        self._stream(["".join([_piece("all of it"), _end(), _usage(20)])])

    def _plain(self) -> None:
        self._answer(200, "application/json", json.dumps({"choices": []}))

    def _dies(self) -> None:
        self._stream(map(_piece, WORDS[:3]), ends=False)

    def _stops(self) -> None:
        self._stream(map(_piece, WORDS[:3]), done=False)

    def _silent(self) -> None:
        self._stream(map(_piece, WORDS[:1]), ends=False)
        self.server.closing.wait(30)

    def _slow(self) -> None:
        self._stream(_piece("more ") for _ in iter(lambda: self.server.closing.wait(0.01), True))

    def _empty(self) -> None:
        self._stream([_end()])

    def _nonsense(self) -> None:
        self._stream([_piece("one "), "data: {beautiful\n\n"])

    def _list(self) -> None:
        self._stream(["data: [1, 2]\n\n"])

    def _babble(self) -> None:
        self.wfile.write(b"+OK ready\r\n\r\n")

    def _wide(self) -> None:
        self._stream("x" * 100_000 for _ in range(100))

    def _error(self) -> None:
        self._stream([_piece("one "), _event({"error": {"message": "out of memory"}})])

    def _denied(self) -> None:
        said = {"error": {"message": f"no such key:\n{self.headers['Authorization']}"}}
        self._answer(401, "application/json", json.dumps(said))

    def _broken(self) -> None:
        self._answer(500, "text/html", "<h1>oops</h1>")

    def _moved(self) -> None:
        self._answer(302, "text/html", "")

    def _answer(self, status: int, kind: str, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def _stream(self, events: Iterable[str], *, done: bool = True, ends: bool = True) -> None:
        """Server-sent events, each in a chunk; `done` says the last word, `ends` ends the chunks."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in [*events, "data: [DONE]\n\n"] if done and ends and isinstance(events, list) else events:
            data = event.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        if ends:
            self.wfile.write(b"0\r\n\r\n")


def _event(content: object) -> str:
    return f"data: {json.dumps(content)}\n\n"


def _piece(text: str) -> str:
    return _event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})


def _end() -> str:
    return _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})


def _usage(tokens: int) -> str:
    return _event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": tokens}})
