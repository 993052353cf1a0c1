"""What an engine and its child process say to each other: one JSON array in a frame, by turns.

JSON, since the child runs what others wrote: nothing that it says can make this process do more than read.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from typing import Any

from perfbench.errors import ScriptError

HEADER = 4
CHUNK = 65536
LARGEST = 256 * 1024**2
"""Bytes of a frame that a child takes from its owner, who is trusted."""


# Made once: json.dumps with separators would make an encoder for each message, at half the cost of a whole turn.
_encode = json.JSONEncoder(separators=(",", ":")).encode
_decode = json.JSONDecoder().decode


class ClosedError(Exception):
    """The other side is gone."""


class LateError(Exception):
    """The other side has not answered in time."""


def limit(connection: socket.socket, seconds: float) -> None:
    """Let no send and no receive on this socket wait for longer. The kernel does it, at no cost for each call."""
    span = struct.pack("@ll", int(seconds), max(1, int(seconds % 1 * 1e6)))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, span)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, span)


def send(connection: socket.socket, message: list[Any]) -> None:
    """Send one message. Raises ClosedError when the other side is gone, LateError when it does not read."""
    body = _encode(message).encode()
    if len(body) > LARGEST:
        raise ScriptError(f"{len(body)} bytes are too much for one message to a script")
    try:
        connection.sendall(len(body).to_bytes(HEADER, "big") + body)
    except BlockingIOError:
        raise LateError from None
    except OSError as error:
        raise ClosedError from error


def receive(connection: socket.socket, *, largest: int = LARGEST, deadline: float = math.inf) -> list[Any]:
    """The next message, which may come in pieces until `deadline` (of time.monotonic).

    Raises LateError when it does not come in time, ClosedError when the other side is gone, and ScriptError for a
    message that is larger than `largest` bytes or is none.
    """
    data = _chunk(connection)
    while len(data) < HEADER:
        data += _chunk(connection)
    size = HEADER + int.from_bytes(data[:HEADER], "big")
    if size - HEADER > largest:
        raise ScriptError(f"the script's result is larger than {largest} bytes")
    if len(data) == size:
        return _parsed(data[HEADER:])
    pieces, length = [data], len(data)
    while length < size:
        if time.monotonic() > deadline:
            raise LateError
        pieces.append(_chunk(connection))
        length += len(pieces[-1])
    return _parsed(b"".join(pieces)[HEADER:])


def _chunk(connection: socket.socket) -> bytes:
    try:
        chunk = connection.recv(CHUNK)
    except BlockingIOError:
        raise LateError from None
    except OSError as error:
        raise ClosedError from error
    if not chunk:
        raise ClosedError
    return chunk


def _parsed(body: bytes) -> list[Any]:
    try:
        message = _decode(body.decode())
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, list) or not message:
        raise ScriptError("the script's interpreter speaks nonsense")
    return message
