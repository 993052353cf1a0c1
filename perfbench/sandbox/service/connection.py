"""One connection of a client, which cannot be held open for ever, flooded with headers, or left unread.

uvicorn bounds the time between two requests and nothing else.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from perfbench.errors import UnavailableError
from perfbench.sandbox.service.limits import ServiceLimits

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
else:
    HttpToolsProtocol = object  # it is put behind the class once it is imported

LINGER = 2.0
"""Seconds in which a client may go on sending a body that has been answered already."""

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """What is laid over uvicorn's own class of connections."""

    limits: ServiceLimits
    overdue: asyncio.TimerHandle | None = None
    head = 0
    in_head = True
    in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.abort()
        else:
            self._expect(self.limits.head_seconds, TOO_SLOW)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.in_head:
            self.head += len(data)
            if self.head > self.limits.head:
                self._end(TOO_LARGE)
            elif self.overdue is None:
                self._expect(self.limits.head_seconds, TOO_SLOW)

    def on_message_begin(self) -> None:
        self.in_head, self.head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.in_head, self.in_body = False, True
        self._expect_no_more()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.in_body = False
        self._expect_no_more()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.in_body and self.overdue is None:
            self._expect(LINGER, b"")

    def timeout_keep_alive_handler(self) -> None:
        # A client that never reads its answer would keep a connection that is only closed.
        self._end(b"")

    def _expect(self, seconds: float, otherwise: bytes) -> None:
        self.overdue = self.loop.call_later(seconds, self._end, otherwise)

    def _expect_no_more(self) -> None:
        if self.overdue is not None:
            self.overdue.cancel()
            self.overdue = None

    def _end(self, last_words: bytes) -> None:
        self._expect_no_more()
        if not self.transport.is_closing():
            if last_words:
                self.transport.write(last_words)
            if self.transport.get_write_buffer_size():
                self.transport.abort()
            else:
                self.transport.close()


def guarded_protocol(limits: ServiceLimits) -> type[Connection]:
    """The class of connections that holds these limits. Raises UnavailableError where uvicorn is not installed."""
    try:
        from uvicorn.protocols.http import httptools_impl  # noqa: PLC0415
    except ImportError as error:
        raise UnavailableError(
            f"{error.name} is not installed", "pip install 'perfbench-gate[service]'"
        ) from None
    bases = (Connection, httptools_impl.HttpToolsProtocol)
    return cast("type[Connection]", type("GuardedConnection", bases, {"limits": limits}))
