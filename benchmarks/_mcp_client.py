"""A small client of the Model Context Protocol: what all transports share, and stdio.

It is the measuring rod, so it is thin: the SDK's own client costs several hundred microseconds a call, behind
which a fast server could not be told from a slow one. Whatever a server does that it must not do becomes a
RuntimeError with a sentence; a server that is not there a NotImplementedError, asv's way to skip.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from benchmarks._mcp_child import Child

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""The revisions of the protocol that open with `initialize`, the newest first: it is what we ask for."""
MOST_BYTES = 16 * 1024**2
"""The longest message that is taken."""
MOST_PAGES = 100
"""Of a list of tools."""
ANSWERS_WITHIN = 30.0
"""Seconds."""
STARTS_WITHIN = 60.0

Message = dict[str, Any]


class Client(ABC):
    """One connection to a server. Leaving its `with` block closes it."""

    version = ""
    """The revision that was agreed on."""
    closed = False

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._numbers = itertools.count(1)

    def initialize(self) -> None:
        """Agree on a revision of the protocol; the first thing to do."""
        about = {"name": "perfbench", "version": "1"}
        asked = {"protocolVersion": VERSIONS[0], "capabilities": {}, "clientInfo": about}
        found = self.request("initialize", asked).get("protocolVersion")
        if found not in VERSIONS:
            raise self.failure(
                f"speaks revision {found!r:.50} of the protocol, not one of {', '.join(VERSIONS)}"
            )
        self.version = found
        self.notify("notifications/initialized")

    def tools(self) -> tuple[str, ...]:
        """The names of the server's tools."""
        names: list[str] = []
        cursor = None
        for _ in range(MOST_PAGES):
            page = self.request("tools/list", {} if cursor is None else {"cursor": cursor})
            try:
                names += [str(tool["name"]) for tool in page["tools"]]
            except (KeyError, TypeError):
                raise self.failure("lists its tools in a way that cannot be read") from None
            cursor = page.get("nextCursor")
            if cursor is None:
                return tuple(names)
        raise self.failure(f"has more than {MOST_PAGES} pages of tools")

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Message:
        """What a tool answers. Raises RuntimeError when it answers that it failed."""
        return succeeded(tool, self.request("tools/call", {"name": tool, "arguments": arguments}))

    @abstractmethod
    def request(self, method: str, params: Mapping[str, Any]) -> Message:
        """Ask, and wait for the answer's result; no other request may be under way."""

    @abstractmethod
    def notify(self, method: str) -> None:
        """Say something that is not answered."""

    @abstractmethod
    def close(self) -> None:
        """End it; harmless the second time."""

    def failure(self, how: str) -> RuntimeError:
        """Close the connection, on which nothing can be relied upon any more; gives the error to raise."""
        self.close()
        return RuntimeError(f"the MCP server {how}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _messages(self, text: bytes) -> Iterator[Message]:
        """The messages in `text`: one, or a batch, as the revision 2025-03-26 has it."""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        for message in found if isinstance(found, list) else [found]:
            if not isinstance(message, dict) or not ("method" in message or "id" in message):
                raise self.failure(f"says what is no message: {text[:80]!r}")
            yield message

    def _result(self, message: Message) -> Message:
        """The result in an answer. Raises RuntimeError, the connection unharmed, for an error."""
        if "error" in message:
            raise RuntimeError(f"the MCP server answers with an error: {_said(message['error'])}")
        result = message.get("result")
        if not isinstance(result, dict):
            raise self.failure("answers with neither a result nor an error")
        return result


def succeeded(tool: str, result: Message) -> Message:
    """The result itself. Raises RuntimeError when the tool says in it that it failed."""
    if result.get("isError"):
        content = result.get("content")
        first = content[0] if isinstance(content, list) and content else {}
        said = first.get("text", "") if isinstance(first, dict) else ""
        raise RuntimeError(f"the tool {tool!r} failed: {str(said)[:300]}")
    return result


def encoded(message: Mapping[str, Any]) -> bytes:
    """A message as it is sent, without a line's end."""
    return json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode()


def reply(message: Message) -> bytes:
    """The answer to what a server asks of its client: it lives; it has no roots; it can do nothing else."""
    results: dict[Any, Message] = {"ping": {}, "roots/list": {"roots": []}}
    if str(message["method"]) in results:
        return encoded({"id": message["id"], "result": results[message["method"]]})
    error = {"code": -32601, "message": "this client has no such method"}
    return encoded({"id": message["id"], "error": error})


def _said(error: object) -> str:
    message = error.get("message", "") if isinstance(error, dict) else error
    return str(message)[:300]


class StdioClient(Client):
    """A server that runs as a child of this process and speaks in lines over its stdin and stdout."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        folder: str,
        environment: Mapping[str, str],
        timeout: float = ANSWERS_WITHIN,
        starts_within: float = STARTS_WITHIN,
    ) -> None:
        """Start the server and agree on a revision."""
        super().__init__(starts_within)
        self.child = Child(argv, folder=folder, environment=environment)
        self._in, self._out = self.child.stdin.fileno(), self.child.stdout.fileno()
        os.set_blocking(self._in, False)
        self._reading = select.poll()
        self._reading.register(self._out, select.POLLIN)
        self._both = select.poll()
        self._both.register(self._out, select.POLLIN)
        self._both.register(self._in, select.POLLOUT)
        self._buffer = bytearray()
        self._looked = 0
        self._arrived: deque[Message] = deque()
        self._waiting: set[int] = set()
        try:
            self.initialize()
        except BaseException:
            self.close()
            raise
        self.timeout = timeout

    def request(self, method: str, params: Mapping[str, Any]) -> Message:
        self.begin(method, params)
        return self.finish()

    def begin(self, method: str, params: Mapping[str, Any]) -> None:
        """Ask without waiting for the answer."""
        number = next(self._numbers)
        self._waiting.add(number)
        self._send(encoded({"id": number, "method": method, "params": params}))

    def finish(self) -> Message:
        """Wait for the next answer to any that was asked, and give its result."""
        deadline = time.monotonic() + self.timeout
        while True:
            while self._arrived:
                message = self._arrived.popleft()
                if "method" not in message:
                    return self._answer(message)
                if "id" in message:
                    self._send(reply(message))
            self._arrived.extend(self._messages(self._line(deadline)))

    def notify(self, method: str) -> None:
        self._send(encoded({"method": method}))

    def close(self) -> None:
        self.closed = True
        self.child.close()

    def _answer(self, message: Message) -> Message:
        number = message["id"]
        if type(number) is not int or number not in self._waiting:
            said = f": {_said(message['error'])}" if "error" in message else ""
            raise self.failure(f"answers {number!r:.50}, which was not asked{said}")
        self._waiting.discard(number)
        return self._result(message)

    def _line(self, deadline: float) -> bytes:
        """The next line that is not empty."""
        while True:
            end = self._buffer.find(b"\n", self._looked)
            if end < 0:
                self._looked = len(self._buffer)
                self._wait(self._reading, deadline)
                self._read()
                continue
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._looked = 0
            if line.strip():
                return line

    def _read(self) -> None:
        chunk = os.read(self._out, 1 << 16)
        if not chunk:
            raise self.failure(self.child.fate())
        self._buffer += chunk
        if len(self._buffer) > MOST_BYTES:
            raise self.failure(f"says more than {MOST_BYTES} bytes at once")

    def _send(self, message: bytes) -> None:
        """Write a line, and read meanwhile what the server may have to get rid of before it reads on."""
        left = memoryview(message + b"\n")
        deadline = time.monotonic() + self.timeout
        while left:
            try:
                left = left[os.write(self._in, left) :]
            except BlockingIOError:
                if self._out in self._wait(self._both, deadline):
                    self._read()
            except (BrokenPipeError, ValueError):
                raise self.failure(self.child.fate()) from None

    def _wait(self, poll: select.poll, deadline: float) -> set[int]:
        remaining = deadline - time.monotonic()
        ready = poll.poll(remaining * 1000.0) if remaining > 0 else []
        if not ready:
            raise self.failure(f"has not answered within {self.timeout:g} s")
        return {fd for fd, _ in ready}
