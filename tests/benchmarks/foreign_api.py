"""An HTTP API that knows nothing of perfbench, and can be made to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Api(ThreadingHTTPServer):
    """Keeps what it was asked, and answers as `behaviour` says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = "well"
        self.asked: list[tuple[str, str, bytes, dict[str, str]]] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Api
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, body, dict(self.headers.items())))
        behaviour = self.server.behaviour
        if behaviour == "silent":
            time.sleep(2)
        content = json.dumps({"things": []}).encode()
        self.send_response({"broken": 500, "teapot": 418}.get(behaviour, 200))
        self.send_header("Content-Length", str(len(content) * (2 if behaviour == "drops" else 1)))
        if behaviour == "says that it closes":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        if behaviour in ("drops", "closes", "says that it closes"):
            self.close_connection = True

    do_POST = do_PUT = do_GET  # noqa: N815  (their names are http.server's)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: what is asked is kept."""


@contextmanager
def foreign_api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
