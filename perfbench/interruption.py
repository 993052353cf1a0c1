"""What ends a command early: Ctrl-C, SIGTERM and a closed terminal, all unwound in one way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


@contextmanager
def signals_unwind() -> Iterator[None]:
    """Let SIGTERM and a closed terminal unwind as Ctrl-C does, so that sandboxes and files are cleaned up.

    A signal that the caller has set to be ignored (nohup) stays ignored. From an interruption on, finalizers
    are silent: it can fall into a library's constructor, and the half-made object then fails over what it lacks
    (PERFBENCH_DEBUG=1 shows it). One that falls into a finalizer, where Python drops it, is sent again.
    """
    hook = sys.unraisablehook
    interrupted = False

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    def unraisable(found: UnraisableHookArgs) -> None:
        if issubclass(found.exc_type, KeyboardInterrupt):
            _send_again()
        elif not interrupted or os.environ.get("PERFBENCH_DEBUG") == "1":
            hook(found)

    before: dict[signal.Signals, Any] = {}
    try:
        sys.unraisablehook = unraisable
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                with suppress(ValueError):  # not in the main thread: its caller handles signals
                    before[number] = signal.signal(number, interrupt)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = hook


def _send_again() -> None:
    """Interrupt the main thread once it has left the finalizer, where it could not be unwound."""
    import threading  # noqa: PLC0415

    again = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT))
    again.daemon = True
    again.start()
