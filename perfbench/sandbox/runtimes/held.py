"""Sandboxes of an engine that are still there when their process ends, and are removed then.

An engine's containers do not end with the process that asked for them. A process that is killed leaves them
to the next sweep; one that merely forgot them, or was interrupted, removes them here.
"""

from __future__ import annotations

import atexit
import contextlib
import os
from typing import Protocol

from perfbench.errors import SandboxError


class Removable(Protocol):
    """The part of a Sandbox that matters here."""

    def remove(self) -> None: ...


_held: dict[Removable, int] = {}
"""Each with the process that made it: a forked child has its parent's in it too."""


def hold(sandbox: Removable) -> None:
    """Remove `sandbox` at the end of this process, unless `release` comes first."""
    if not _held:
        atexit.unregister(_remove_all)
        atexit.register(_remove_all)
    _held[sandbox] = os.getpid()


def release(sandbox: Removable) -> None:
    """It has been removed; harmless the second time."""
    _held.pop(sandbox, None)


def abandon(sandbox: Removable) -> None:
    """Remove it where nobody can hear of an error any more; it stays held, for a later try, if that fails."""
    with contextlib.suppress(SandboxError):
        sandbox.remove()


def _remove_all() -> None:
    for sandbox, maker in list(_held.items()):
        if maker == os.getpid():
            abandon(sandbox)
