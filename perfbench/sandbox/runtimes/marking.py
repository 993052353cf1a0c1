"""Kill a command inside a sandbox that is run by an engine: it and all it has started, and nothing else.

The command is started with a marker in its environment, which its children inherit, so that it can be found
from within. Process ids would not do: an engine elsewhere, or a runtime with a kernel of its own, tells none
that mean anything here, and killing one process leaves its children.
"""

from __future__ import annotations

import secrets

VARIABLE = "SANDBOX_COMMAND"
# Several passes, since a process may start another while it is looked for.
SCRIPT = (
    "for pass in 1 2 3 4 5; do for entry in /proc/[0-9]*; do "
    'grep -qs "$0" "$entry/environ" && kill -9 "${entry#/proc/}"; done; done'
)


def new_marker() -> str:
    return secrets.token_hex(16)


def kill_argv(marker: str) -> list[str]:
    """What to run inside to kill every process that carries `marker`."""
    return ["sh", "-c", SCRIPT, marker]
