"""The client's other transport: streamable HTTP, one connection that is kept open between calls."""

from __future__ import annotations

import http.client
import json
import select
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from benchmarks._mcp_client import ANSWERS_WITHIN, MOST_BYTES, Client, Message, encoded, reply

CHUNK = 1 << 16
SETTLES_WITHIN = 0.05
"""Seconds that an answer which has been read may take to close its stream, before the connection is given up."""
ENDS_WITHIN = 2.0


class HttpClient(Client):
    """A server behind a URL. With `session` it shares the session of another client that is open."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = ANSWERS_WITHIN,
        session: HttpClient | None = None,
    ) -> None:
        """Connect, and agree on a revision. Raises NotImplementedError where nothing listens."""
        super().__init__(timeout)
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise RuntimeError("the URL of an MCP server begins with http:// or https:// and a host")
        self.url = url
        self.shown = f"{place.scheme}://{place.netloc.rpartition('@')[2]}{place.path}"
        """The URL without what may be secret in it."""
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(place.hostname, place.port, timeout=timeout)
        self._path = f"{place.path or '/'}?{place.query}" if place.query else place.path or "/"
        self._response: http.client.HTTPResponse | None = None
        self._socket: socket.socket | None = None
        self._headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        self._own = dict(headers or {})
        for name, value in self._own.items():
            if "\n" in value or "\r" in value or not value.isascii():
                raise RuntimeError(f"the header {name} cannot be sent: its value is not one line of ASCII")
        self._headers |= self._own
        self._owns_session = session is None
        self._connect()
        if session is not None:
            self.version = session.version
            self._numbers = session._numbers  # a number is used once in a session
            self._headers |= session._headers
            return
        try:
            self.initialize()
        except BaseException:
            self.close()
            raise
        self._headers["Mcp-Protocol-Version"] = self.version

    def another(self) -> HttpClient:
        """One more connection to the same session."""
        return HttpClient(self.url, headers=self._own, timeout=self.timeout, session=self)

    def request(self, method: str, params: Mapping[str, Any]) -> Message:
        number = next(self._numbers)
        response = self._post(encoded({"id": number, "method": method, "params": params}))
        if response.status != 200:
            raise self.failure(f"answers {response.status} {response.reason}: {self._excerpt(response)}")
        kind = response.getheader("Content-Type", "").partition(";")[0].strip().lower()
        session = response.getheader("Mcp-Session-Id")
        if session and method == "initialize":
            self._headers["Mcp-Session-Id"] = session
        if kind == "application/json":
            texts = iter([self._body(response)])
        elif kind == "text/event-stream":
            texts = self._events(response)
        else:
            raise self.failure(f"answers with the content type {kind!r:.80}")
        for text in texts:
            for message in self._messages(text):
                if "method" in message:
                    if "id" in message:
                        self._reply(message)
                elif message["id"] == number:
                    return self._result(message)
                else:
                    raise self.failure(f"answers {message['id']!r:.50}, which was not asked")
        raise self.failure("ends its answer before it is complete")

    def notify(self, method: str) -> None:
        self._accepted(self._post(encoded({"method": method})))

    def close(self) -> None:
        """Close the connection, and the session that it has opened."""
        self.closed = True
        session = self._headers.pop("Mcp-Session-Id", None)
        try:
            if session is not None and self._owns_session and self._socket is not None:
                self._drop()
                self._connection.timeout = ENDS_WITHIN
                self._connection.request(
                    "DELETE", self._path, headers={**self._headers, "Mcp-Session-Id": session}
                )
                self._connection.getresponse().close()
        except (OSError, http.client.HTTPException):
            pass  # it is gone already
        finally:
            self._drop()

    def _reply(self, message: Message) -> None:
        """Answer a request of the server's on a connection of its own: ours is busy with its stream."""
        aside = self.another()
        try:
            aside._accepted(aside._post(reply(message)))
        finally:
            aside._drop()

    def _accepted(self, response: http.client.HTTPResponse) -> None:
        if response.status not in (200, 202, 204):
            raise self.failure(f"answers {response.status} {response.reason}: {self._excerpt(response)}")
        self._body(response)

    def _post(self, body: bytes) -> http.client.HTTPResponse:
        """Send one message and give the head of the answer."""
        self._settle()
        self._deadline = time.monotonic() + self.timeout
        try:
            if self._socket is None:
                self._connect()
            assert self._socket is not None
            self._socket.settimeout(self.timeout)
            self._connection.request("POST", self._path, body, self._headers)
            self._response = self._connection.getresponse()
        except TimeoutError:
            raise self._late() from None
        except (OSError, http.client.HTTPException) as error:
            raise self.failure(f"breaks off: {type(error).__name__}: {error}"[:300]) from None
        return self._response

    def _connect(self) -> None:
        try:
            self._connection.connect()
        except OSError as error:
            raise NotImplementedError(f"no MCP server listens at {self.shown}: {error}") from None
        self._socket = self._connection.sock

    def _settle(self) -> None:
        """Make the connection ready for another request, or give it up: an idle one may have been closed."""
        if self._socket is None:
            return
        try:
            if self._response is not None and not self._response.isclosed():
                self._socket.settimeout(SETTLES_WITHIN)
                if self._response.read1(CHUNK) or self._response.length:
                    self._drop()
                    return
            if self._connection.sock is None or _is_readable(self._socket):
                self._drop()
        except (OSError, http.client.HTTPException):
            self._drop()

    def _drop(self) -> None:
        if self._response is not None:
            self._response.close()
        self._connection.close()
        self._response = self._socket = None

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        return b"".join(self._chunks(response))

    def _excerpt(self, response: http.client.HTTPResponse) -> str:
        text = self._body(response)
        try:
            return str(json.loads(text)["error"]["message"])[:200]
        except (ValueError, KeyError, TypeError, RecursionError):
            return text[:200].decode(errors="replace").strip()

    def _chunks(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        """What arrives of a body, as it does; at most MOST_BYTES of it, and not for longer than a call may take."""
        taken = 0
        while True:
            remaining = self._deadline - time.monotonic()
            if remaining <= 0 or self._socket is None:
                raise self._late()
            self._socket.settimeout(remaining)
            try:
                chunk = response.read1(CHUNK)
            except TimeoutError:
                raise self._late() from None
            except (OSError, http.client.HTTPException) as error:
                raise self.failure(f"breaks off: {type(error).__name__}: {error}"[:300]) from None
            if not chunk:
                if response.length:  # http.client says nothing of it
                    raise self.failure(f"breaks off {response.length} bytes before the end of its answer")
                response.close()
                return
            taken += len(chunk)
            if taken > MOST_BYTES:
                raise self.failure(f"answers with more than {MOST_BYTES} bytes")
            yield chunk

    def _events(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        """The data of the events of a stream."""
        rest = b""
        data: list[bytes] = []
        for chunk in self._chunks(response):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                field, _, value = line.rstrip(b"\r").partition(b":")
                if field == b"data":
                    data.append(value.removeprefix(b" "))
                elif not field and not value and data:
                    yield b"\n".join(data)
                    data = []

    def _late(self) -> RuntimeError:
        return self.failure(f"has not answered within {self.timeout:g} s")


def _is_readable(connection: socket.socket) -> bool:
    """Whether something, or the end, has come that nobody has asked for."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
