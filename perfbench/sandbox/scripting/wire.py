"""What an engine and its child process say to each other: one JSON array in a frame, by turns.

JSON, since the child runs what others wrote: nothing that it says can make this process do more than read.
"""

from __future__ import annotations

import json
import socket
import time
from typing import Any

from perfbench.errors import ScriptError

HEADER = 4
CHUNK = 65536
LARGEST = 256 * 1024**2
"""Bytes of a frame that a child takes from its owner, who is trusted."""


class ClosedError(Exception):
    """The other side is gone."""


class LateError(Exception):
    """The other side has not answered in time."""


def send(connection: socket.socket, message: list[Any]) -> None:
    """Send one message. Raises ClosedError, and ScriptError for what is no text."""
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > LARGEST:
        raise ScriptError(f"{len(body)} bytes are too much for one message to a script")
    try:
        connection.sendall(len(body).to_bytes(HEADER, "big") + body)
    except TimeoutError:
        raise LateError from None
    except OSError as error:
        raise ClosedError from error


def receive(connection: socket.socket, *, largest: int = LARGEST, deadline: float | None = None) -> list[Any]:
    """The next message.

    Raises LateError past `deadline` (of time.monotonic), ClosedError when the other side is gone, and ScriptError
    for a message that is larger than `largest` bytes or is none.
    """
    data = bytearray()
    wanted = HEADER
    while len(data) < wanted:
        if deadline is not None:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            chunk = connection.recv(CHUNK)
        except TimeoutError:
            raise LateError from None
        except OSError as error:
            raise ClosedError from error
        if not chunk:
            raise ClosedError
        data += chunk
        if wanted == HEADER and len(data) >= HEADER:
            size = int.from_bytes(data[:HEADER], "big")
            if size > largest:
                raise ScriptError(f"the script's result is larger than {largest} bytes")
            wanted = HEADER + size
        if deadline is not None and len(data) < wanted and time.monotonic() > deadline:
            raise LateError
    return _parsed(bytes(data[HEADER:]))


def _parsed(body: bytes) -> list[Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, list) or not message:
        raise ScriptError("the script's interpreter speaks nonsense")
    return message
