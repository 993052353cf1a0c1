"""Messages between an engine and its child."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting import wire

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    with one, other:
        wire.limit(one, 0.05)
        yield one, other


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(wire.HEADER, "big") + body


@given(
    message=st.lists(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False), min_size=1
    )
)
def test_a_message_arrives_as_it_was_sent(message: list[object]) -> None:
    one, other = socket.socketpair()
    with one, other:
        wire.send(one, message)
        assert wire.receive(other) == message


def test_a_message_may_come_in_pieces(pair: Pair) -> None:
    one, other = pair
    data = frame(b'["value",' + b"1" * 70_000 + b"]")
    other.sendall(data[:2])
    other.sendall(data[2:])
    with pytest.raises(
        ScriptError, match="nonsense"
    ):  # an integer of 70,000 digits is none that Python reads
        wire.receive(one)


def test_silence_is_late(pair: Pair) -> None:
    with pytest.raises(wire.LateError):
        wire.receive(pair[0])


def test_a_message_that_drips_is_late(pair: Pair) -> None:
    one, other = pair
    other.sendall(frame(b"[1]")[:5])
    with pytest.raises(wire.LateError):
        wire.receive(one, deadline=time.monotonic() - 1)


def test_an_end_is_told_from_silence(pair: Pair) -> None:
    one, other = pair
    other.close()
    with pytest.raises(wire.ClosedError):
        wire.receive(one)
    with pytest.raises(wire.ClosedError):
        wire.send(one, ["x"])


def test_a_message_that_is_too_large_is_not_read(pair: Pair) -> None:
    one, other = pair
    other.sendall((1 << 31).to_bytes(wire.HEADER, "big"))
    with pytest.raises(ScriptError, match="larger than 100 bytes"):
        wire.receive(one, largest=100)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b"1"])
def test_nonsense_is_an_error(pair: Pair, body: bytes) -> None:
    one, other = pair
    other.sendall(frame(body))
    with pytest.raises(ScriptError, match="nonsense"):
        wire.receive(one)
