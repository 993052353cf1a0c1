"""A service in a child process, and what a client sees of it."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

TOKEN = "SANDBOX_TOKEN"  # noqa: S105  (the name of the variable)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def members(self) -> Any:
        return json.loads(self.content)


@dataclass
class Served:
    process: subprocess.Popen[str]
    host: str
    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own; a body that is no bytes is sent as JSON."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request(method, path, content, {**self.headers, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers.items()), response.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=20)

    def sandbox(self) -> str:
        """The id of a new one."""
        answer = self.ask("POST", "/sandboxes")
        assert answer.status == 201
        return str(answer.members["id"])

    def run(self, sandbox: str, *argv: str, **more: Any) -> Answer:
        return self.ask("POST", f"/sandboxes/{sandbox}/exec", {"argv": list(argv), **more})


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != TOKEN} | more


def started(*options: str, **more: str) -> Served:
    """Start a service and wait until it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "perfbench.sandbox.service", "--port", "0", "--until-eof", *options],
        env=environment(**more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"listening on http://\[?(.+?)\]?:(\d+)\n", line)
    if found is None:
        process.communicate()
        raise AssertionError(f"the service said {line!r} and ended with {process.returncode}")
    headers = {"Authorization": f"Bearer {more[TOKEN]}"} if TOKEN in more else {}
    return Served(process, found[1], int(found[2]), headers)


@contextmanager
def serving(*options: str, **more: str) -> Iterator[Served]:
    """A service that ends with the block, by the end of its standard input."""
    served = started(*options, **more)
    try:
        yield served
    finally:
        served.process.communicate(timeout=20)
        assert served.process.returncode in (0, -9, 130)
