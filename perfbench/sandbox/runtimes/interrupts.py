"""Put an interrupt off until an engine has answered.

A request that is broken off may still be carried out: the engine would make a container after its owner has
looked for it in vain to remove it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def put_off() -> Iterator[None]:
    """Hold Ctrl-C (and a SIGTERM that has a handler) back until the block ends; a second one gets through."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals interrupt the main thread alone
        return
    handlers = {number: handler for number in NUMBERS if callable(handler := signal.getsignal(number))}
    pending: list[tuple[int, FrameType | None]] = []

    def later(number: int, frame: FrameType | None) -> None:
        pending.append((number, frame))
        if len(pending) > 1:
            pass_on(number, frame)

    def pass_on(number: int, frame: FrameType | None) -> None:
        handlers[signal.Signals(number)](number, frame)

    for known in handlers:
        signal.signal(known, later)
    try:
        yield
    finally:
        for known, handler in handlers.items():
            signal.signal(known, handler)
        if len(pending) == 1:
            pass_on(*pending[0])
