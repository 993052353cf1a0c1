"""A client of one HTTP API: one connection that is kept open, every answer read to its end and looked at."""

from __future__ import annotations

import http.client
import json
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

SILENCE = 30.0
"""Seconds without a byte after which the server counts as stuck."""
LONGEST = 60.0
"""Seconds of one answer."""
LARGEST = 64 * 1024 * 1024
"""Bytes of one answer."""
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One request, and the status that its answer must have; without one any of 200 to 299."""

    method: str
    path: str
    body: bytes | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Connection:
    """A connection to the server of `url`, opened when it is made and again when the server has closed it.

    Whatever goes wrong is a RuntimeError of one sentence, in which no header's value is shown.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RuntimeError("the URL of an API begins with http:// or https:// and a host")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._shown_url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._base = parts.path.rstrip("/")
        self._headers = dict(headers or {})
        try:
            self._connection = kind(parts.hostname, parts.port, timeout=SILENCE)
        except ValueError as error:
            raise RuntimeError(f"the URL of the API is none: {error}") from None
        self.ready()

    def ready(self) -> None:
        """See that a request can be sent at once, so that no clock runs while a connection is opened."""
        if self._connection.sock is not None and _is_readable(self._connection.sock):
            self._connection.close()  # the server has closed it, or says what nobody asked for
        if self._connection.sock is None:
            try:
                self._connection.connect()
            except OSError as error:
                self._fail(f"cannot be reached ({_reason(error)}); is it started?")

    def ask(self, endpoint: Endpoint) -> bytes:
        """Send one request and give the body of its answer, whose status has been looked at."""
        where = f"{endpoint.method} {endpoint.path}"
        begun = time.monotonic()
        try:
            self._connection.request(
                endpoint.method,
                self._base + endpoint.path,
                endpoint.body,
                {**endpoint.headers, **self._headers},
            )
            response = self._connection.getresponse()
            with response:
                body = self._body(response, where, begun)
        except ValueError:  # whose text shows the header
            self._fail(f"cannot be asked {where}: a header or the path holds what none can")
        except (OSError, http.client.HTTPException) as error:
            self._fail(f"gave no whole answer to {where} ({_reason(error)})")
        status = response.status
        if not (200 <= status < 300 if endpoint.status is None else status == endpoint.status):
            wanted = "" if endpoint.status is None else f" and not {endpoint.status}"
            self._fail(f"answered {where} with {status}{wanted}: {body[:200].decode(errors='replace')}")
        return body

    def close(self) -> None:
        """Harmless the second time."""
        self._connection.close()

    def _body(self, response: http.client.HTTPResponse, where: str, begun: float) -> bytes:
        body = bytearray()
        while chunk := response.read(CHUNK):
            body += chunk
            if len(body) > LARGEST:
                self._fail(f"answers {where} with more than {LARGEST // 1024**2} MiB")
            if time.monotonic() - begun > LONGEST:
                self._fail(f"did not end its answer to {where} within {LONGEST:g} s")
        if response.length:  # http.client passes over an answer that breaks off between two reads
            raise http.client.IncompleteRead(b"", response.length)
        return bytes(body)

    def _fail(self, message: str) -> NoReturn:
        self.close()
        raise RuntimeError(f"the API at {self._shown_url} {message}") from None


def as_body(value: Any) -> bytes | None:
    """A body as it is sent: text as it stands, anything else as JSON."""
    if value is None:
        return None
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def _is_readable(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came for {SILENCE:g} s"
    if isinstance(error, (ConnectionResetError, BrokenPipeError, http.client.IncompleteRead)):
        return "the connection was closed"
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
