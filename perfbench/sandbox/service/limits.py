"""What clients can make the service hold, wait for and do at once."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """Every bound in one place; sizes are bytes, times seconds."""

    body: int = 8 * MIB
    """Of one request, and so of a file written."""
    json: int = MIB
    """Of a body that is read as JSON: what it becomes in memory is many times larger."""
    head: int = 64 * 1024
    """Of a request's first line and headers."""
    depth: int = 64
    """Levels of nesting of a JSON body."""
    requests: int = 128
    """Requests at work or waiting at once; `/health` is not counted."""
    connections: int = 1024
    """Open connections, idle ones too."""
    threads: int = 16
    """Requests that wait for a runtime or a store at once; the others queue."""
    sandboxes: int = 64
    """Sandboxes at once, those of running workflows among them."""
    sessions: int = 256 * MIB
    """Of all sessions that clients of this process have written."""
    output: int = MIB
    """Of a command's stdout, and as much of its stderr; the rest is cut off."""
    seconds: float = 60.0
    """That a command or a whole workflow may take."""
    steps: int = 100
    """Of a workflow."""
    head_seconds: float = 10.0
    """Until a request's headers have come."""
    body_seconds: float = 30.0
    """Until a request's body has come."""
    idle_seconds: float = 60.0
    """That a connection may idle between two requests."""
