"""HTTP over a unix socket, with nothing but the standard library."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path


class UnixConnection(http.client.HTTPConnection):
    """A connection that http.client can speak through."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def call(path: Path, method: str, target: str, body: bytes, timeout: float) -> bytes:
    """One request on a connection of its own; `body`, if any, is a tar archive.

    Raises OSError or HTTPException when it is not answered with success.
    """
    connection = UnixConnection(path, timeout)
    try:
        connection.request(
            method, target, body or None, {"Content-Type": "application/x-tar"} if body else {}
        )
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status >= 400:
        raise OSError(f"{method} {target}: {response.status} {content.decode(errors='replace').strip()}")
    return content
