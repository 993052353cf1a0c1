"""What the session stores on servers have in common: where the server is, and how long it may take."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

from perfbench.errors import UnavailableError

CONNECT_TIMEOUT = 2
"""Seconds until a server that does not take a connection counts as down."""
ANSWER_TIMEOUT = 2
"""Seconds until a server that does not answer a question counts as down."""

VARIABLES = {"redis": "PERFBENCH_REDIS_URL", "postgres": "PERFBENCH_POSTGRES_URL"}
"""Store → the environment variable that holds the URL of its server."""


def url_of(name: str) -> str:
    """The URL of the store's server, from the environment. Raises UnavailableError where there is none."""
    variable = VARIABLES[name]
    if not os.environ.get(variable):
        raise UnavailableError(
            f"{variable} is not set", 'eval "$(tools/services start)" starts a throw-away server and sets it'
        )
    return os.environ[variable]


def said(error: Exception, url: str) -> str:
    """The first line of what a client says, without the URL's password: some repeat it."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    _, _, password = url.partition("://")[2].rpartition("@")[0].partition(":")
    for part in re.split("[:@/]", password):
        for secret in filter(None, (part, unquote(part))):
            line = line.replace(secret, "…")
    return line


def address(url: str) -> str:
    """Where a URL leads, without its user and password: they must not end up in a message."""
    try:
        parts = urlsplit(url)
        if not parts.hostname:
            return parts.path or "a place of its client's choice"
        return parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    except ValueError:
        return "a place that cannot be read"
